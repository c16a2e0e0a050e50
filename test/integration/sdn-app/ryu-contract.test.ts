import { Resources } from '../../../common/lifecycle.js';
import { openRyu } from '../../../sdn-app/switch/ryu/adapter.js';
import { openFakeRyu } from '../../fakes/fake-ryu.js';
import { flowSwitchContract } from './flow-switch-contract.js';

flowSwitchContract('Ryu over the model of a switch', 'Ethernet', async () => {
  const all = new Resources();
  const fake = all.use(await openFakeRyu({ datapaths: [1, 2], flowsPerMessage: 2 }));
  return {
    flowSwitch: all.use(openRyu({ url: fake.url })).switchOf(1),
    another: async () => {
      const other = all.use(openRyu({ url: fake.url })).switchOf(1);
      await new Promise<void>(resolve => other.listen(event => event.type === 'up' && resolve()));
      return other;
    },
    inject: (port, packet) => fake.inject(1, port, packet),
    next: port => fake.next(1, port),
    setPort: (port, up) => Promise.resolve(fake.setPort(1, port, up)),
    restart: () => Promise.resolve(fake.restart(1)),
    [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
  };
});
