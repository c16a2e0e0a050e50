import assert from 'node:assert/strict';
import { RecentFlows } from '../../../sdn-app/recent-flows.js';
import type { VehicleView } from '../../../sdn-app/redirect/view.js';

const viewOf = (number: number): VehicleView => ({
  number,
  host: { address: '127.96.0.1', port: 5683, domain: 'core' },
  epoch: 0,
  armed: [],
  returns: [],
  leaving: [],
});

describe('recent flows', () => {
  let made: string[];
  let recent: RecentFlows;

  beforeEach(() => {
    made = [];
    recent = new RecentFlows((datapath, { number }) => {
      made.push(`${number} on ${datapath}`);
      return [{ table: 1, priority: datapath, cookie: number, match: {}, actions: [] }];
    }, 2);
  });

  it('are made once for a view and a switch', () => {
    const view = viewOf(1);
    assert.equal(recent.of(1, view), recent.of(1, view));
    assert.deepEqual(recent.of(2, view)[0]?.priority, 2);
    assert.deepEqual(made, ['1 on 1', '1 on 2']);
  });

  it('are forgotten, the one first that was not asked for longest', () => {
    const [first, second, third] = [viewOf(1), viewOf(2), viewOf(3)];
    for (const view of [first, second, first, third, first, second]) recent.of(1, view);
    assert.deepEqual(made, ['1 on 1', '2 on 1', '3 on 1', '2 on 1']);
  });

  it('are made anew after a switch was lost', () => {
    const view = viewOf(1);
    recent.of(1, view);
    recent.clear();
    recent.of(1, view);
    assert.equal(made.length, 2);
  });
});
