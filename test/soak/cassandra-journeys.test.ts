import {
  killOfManagersNode,
  killOfTargetNode,
  nodeFaultsInEachPhase,
  pauseOfManagersNode,
} from '../real/cassandra/node-in-phase.js';

/** While each reply that can be held is on its way, not only the first of each phase. */
nodeFaultsInEachPhase('kill -9 of the node of the target domain, at every step', killOfTargetNode, 'all');
nodeFaultsInEachPhase('kill -9 of the node that md-manager asks, at every step', killOfManagersNode, 'all');
nodeFaultsInEachPhase('SIGSTOP of the node that md-manager asks, at every step', pauseOfManagersNode, 'all');
