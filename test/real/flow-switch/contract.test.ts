import { Resources } from '../../../common/lifecycle.js';
import { frameOf } from '../../fakes/frames.js';
import { headersOfTest, testPacketOf } from '../../fakes/test-packets.js';
import { flowSwitchContract } from '../../integration/sdn-app/flow-switch-contract.js';
import { CONTROLLERS } from './controllers.js';
import { connected, openStage } from './stage.js';

for (const { name, needs, open } of CONTROLLERS)
  describe('on real switches', function () {
    this.timeout(60_000);
    before(needs);

    flowSwitchContract(`Open vSwitch ${name}`, 'Ethernet', async () => {
      const all = new Resources();
      try {
        const stage = all.use(await openStage());
        const controller = async () => all.use(await open(stage)).switchOf(1);
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
