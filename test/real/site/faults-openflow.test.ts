import { controllerFaults } from './controller-faults.js';

controllerFaults('openflow');
