import { Resources } from '../../../common/lifecycle.js';
import { claimBlock } from '../../../lab/network/loopback-block.js';
import { openSoftSwitch } from '../../../sdn-app/switch/soft.js';
import { openFakeRouter, openTestSwitch } from '../../fakes/sdn-network.js';
import { flowSwitchContract } from './flow-switch-contract.js';

flowSwitchContract('the soft switch', 'IP', async () => {
  const all = new Resources();
  const block = all.use(await claimBlock());
  // at the switch's own address, where it takes the radio to be before a router has sent through a port
  const address = block.serviceAddress(2);
  const router = all.use(await openFakeRouter(address));
  let lab = await openTestSwitch(address, router.port);
  const { udpPort, controlPort } = lab;
  const flowSwitch = all.use(openSoftSwitch({ address, port: controlPort }));
  return {
    flowSwitch,
    inject: (port, { src, srcPort, dst, dstPort }) =>
      router.send({ address, port: udpPort }, { port, srcIp: src, srcPort, dstIp: dst, dstPort }, 'x'),
    next: async port => {
      const { srcIp, srcPort, dstIp, dstPort } = await router.got.next(frame => frame.port === port);
      return { src: srcIp, srcPort, dst: dstIp, dstPort };
    },
    another: async () => {
      const other = all.use(openSoftSwitch({ address, port: controlPort }));
      await new Promise<void>(resolve => other.listen(event => event.type === 'up' && resolve()));
      return other;
    },
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
