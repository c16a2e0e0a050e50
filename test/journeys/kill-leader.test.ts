import { faultsOnStage } from './kill-in-phase.js';
import { twoManagers } from './kill-leader.js';

faultsOnStage(
  'the leading md-manager lost in each phase of a hand-over, by SIGKILL and by SIGSTOP in turn',
  twoManagers(['killed', 'stopped']),
  'manager',
  'one a phase',
);
