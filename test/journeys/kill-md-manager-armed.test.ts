import { killsInEachArmedPhase } from './kill-in-phase.js';

killsInEachArmedPhase('md-manager');
