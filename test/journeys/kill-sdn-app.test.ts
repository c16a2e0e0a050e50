import { killsInEachPhase } from './kill-in-phase.js';

killsInEachPhase('sdn-app');
