import { Resources } from '../../../common/lifecycle.js';
import type { Flow, FlowSwitch, SwitchEvent } from '../../../sdn-app/switch/flow-switch.js';
import { openRyu, type RyuOptions } from '../../../sdn-app/switch/ryu/adapter.js';
import { openFakeRyu, type FakeRyu, type FakeRyuOptions } from '../../fakes/fake-ryu.js';
import { Arrivals } from '../../fakes/sdn-network.js';

export const EVERYTHING = { cookie: 0, mask: 0 };
export const flow = (cookie: number, priority = 1): Flow => ({
  table: 0,
  priority,
  cookie,
  match: { inPort: 1 },
  actions: [],
});
export const adding = (...flows: Flow[]) => ({
  meters: [],
  flows: flows.map(each => ({ op: 'add' as const, flow: each })),
});

export const heard = (flowSwitch: FlowSwitch): Arrivals<SwitchEvent> => {
  const events = new Arrivals<SwitchEvent>();
  flowSwitch.listen(event => events.push(event));
  return events;
};
export const is = (type: SwitchEvent['type']) => (event: SwitchEvent) => event.type === type;

/** Stand-ins for the app at Ryu, and connections to them, that end with each test. */
export function ryuScene() {
  let all: Resources;
  beforeEach(() => (all = new Resources()));
  afterEach(() => all[Symbol.asyncDispose]());
  return {
    defer: (end: () => Promise<void>): void => void all.defer(end),
    fakeRyu: async (options: Partial<FakeRyuOptions> = {}): Promise<FakeRyu> =>
      all.use(await openFakeRyu({ datapaths: [1, 2], ...options })),
    ryu: (url: string, options: Partial<RyuOptions> = {}) => all.use(openRyu({ url, ...options })),
  };
}
