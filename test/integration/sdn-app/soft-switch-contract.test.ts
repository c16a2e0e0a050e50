import { Resources } from '../../../common/lifecycle.js';
import { claimBlock } from '../../../lab/network/loopback-block.js';
import { openSoftSwitch } from '../../../sdn-app/switch/soft.js';
import { openFakeRouter, openTestSwitch } from '../../fakes/sdn-network.js';
import { flowSwitchContract } from './flow-switch-contract.js';

flowSwitchContract('the soft switch', async () => {
  const all = new Resources();
  const block = all.use(await claimBlock());
  const router = all.use(await openFakeRouter(block.serviceAddress(5)));
  const address = block.serviceAddress(2);
  let lab = await openTestSwitch(address, router.port);
  const { udpPort, controlPort } = lab;
  const flowSwitch = all.use(openSoftSwitch({ address, port: controlPort }));
  return {
    flowSwitch,
    inject: (port, { src, srcPort, dst, dstPort }) =>
      router.send({ address, port: udpPort }, { port, srcIp: src, srcPort, dstIp: dst, dstPort }, 'x'),
    setPort: (port, up) => flowSwitch.setPort(port, up),
    restart: async () => {
      await lab[Symbol.asyncDispose]();
      lab = await openTestSwitch(address, router.port, { udp: udpPort, control: controlPort });
    },
    [Symbol.asyncDispose]: async () => {
      await all[Symbol.asyncDispose]();
      await lab[Symbol.asyncDispose]();
    },
  };
});
