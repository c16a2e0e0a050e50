import { killsOnStage } from './kill-in-phase.js';
import { twoManagers } from './kill-leader.js';

killsOnStage('leading md-manager, another one standing by,', twoManagers('killed'));
