import { controllerFaults } from './controller-faults.js';

controllerFaults('ryu');
