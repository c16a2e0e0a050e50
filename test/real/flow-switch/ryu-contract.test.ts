import { Resources } from '../../../common/lifecycle.js';
import { openRyu } from '../../../sdn-app/switch/ryu/adapter.js';
import { frameOf } from '../../fakes/frames.js';
import { headersOfTest, testPacketOf } from '../../fakes/test-packets.js';
import { flowSwitchContract } from '../../integration/sdn-app/flow-switch-contract.js';
import { needsSwitches } from './ryu-process.js';
import { connected, openStage } from './stage.js';

describe('on real switches', function () {
  this.timeout(60_000);
  before(needsSwitches);

  flowSwitchContract('Open vSwitch through Ryu', 'Ethernet', async () => {
    const all = new Resources();
    try {
      const stage = all.use(await openStage());
      const controller = async () => {
        const { webPort } = await stage.addRyu();
        return all.use(openRyu({ url: `ws://127.0.0.1:${webPort}` })).switchOf(1);
      };
      const flowSwitch = await controller();
      return {
        flowSwitch,
        another: async () => {
          const other = await controller();
          await Promise.all([connected(flowSwitch), connected(other)]);
          return other;
        },
        inject: (port, packet) => stage.send(port, frameOf(headersOfTest(packet), 'x')),
        next: async port => {
          const frame = await stage.out.next(each => each.port === port && each.headers.family !== 'other');
          return testPacketOf(frame.headers)!;
        },
        setPort: (port, up) => stage.setPort(port, up),
        restart: () => stage.openVSwitch.restart(),
        [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
      };
    } catch (error) {
      await all[Symbol.asyncDispose]();
      throw error;
    }
  });
});
