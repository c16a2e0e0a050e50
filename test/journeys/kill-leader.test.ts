import { faultsOnStage } from './kill-in-phase.js';
import { twoManagers } from './kill-leader.js';

faultsOnStage(
  'the leading md-manager lost in each phase of a hand-over, by SIGKILL, by SIGSTOP and by a restart in order in turn',
  twoManagers(['killed', 'stopped', 'ended']),
  'manager',
  'one a phase',
);
