import { killsInEachArmedPhase } from './kill-in-phase.js';

killsInEachArmedPhase('sdn-app');
