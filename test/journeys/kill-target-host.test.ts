import { killsInEachPhase } from './kill-in-phase.js';

killsInEachPhase('target host');
