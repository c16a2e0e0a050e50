import { openNetwork } from '../../../lab/netns/network.js';
import { openOpenVSwitch } from '../../../lab/open-vswitch/open-vswitch.js';
import { SMALL, openSocket } from './lab.js';

/** Owns a network, says where its folder is, and never ends by itself. */
const network = await openNetwork({ ...SMALL, links: { 'access:ap-1': { delayMs: 1 } } });
await openOpenVSwitch(network, 1);
await openSocket(network, 'host-1', 5683);
// What a program inside has started itself is part of the run as well.
network.exec('car-1', ['sh', '-c', 'sleep 1000 & sleep 1000'], { stdio: 'ignore' });
process.stdout.write(`${network.folder}\n`);
setInterval(() => undefined, 1_000);
