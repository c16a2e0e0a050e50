import { killOfTargetNode, nodeFaultsInEachPhase, pauseOfManagersNode } from './node-in-phase.js';

nodeFaultsInEachPhase('kill -9 of the node of the target domain', killOfTargetNode, 'one a phase');
nodeFaultsInEachPhase('SIGSTOP of the node that md-manager asks', pauseOfManagersNode, 'one a phase');
