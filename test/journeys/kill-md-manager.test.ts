import { killsInEachPhase } from './kill-in-phase.js';

killsInEachPhase('md-manager');
