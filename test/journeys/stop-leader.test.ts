import { faultsOnStage } from './kill-in-phase.js';
import { twoManagers } from './kill-leader.js';

faultsOnStage(
  'SIGSTOP of the leading md-manager in each phase of a hand-over, and SIGCONT under the next',
  twoManagers('stopped'),
);
