import assert from 'node:assert/strict';
import { run } from '../../md-manager/tool/cli.js';
import { saidBy } from '../fakes/said.js';
import { Journey } from './harness.js';

describe('a car that is foreseen to enter the next domain', () => {
  let journey: Journey;
  before(async () => {
    // It drives, and is attached to the access point that serves best where it is: nobody moves it. It goes twelve times as
    // fast as its speed says, so it is foreseen from as far away.
    journey = await Journey.open({
      speed: 12,
      extra: {
        'md-manager': [
          ...['--arming-by', 'prediction', '--arming-horizon-s', '300', '--tickets-per-domain', '0'],
          ...['--pool-policy', 'prediction', '--dwell-ms', '500', '--grace-ms', '500'],
        ],
      },
    });
  });
  after(() => journey?.[Symbol.asyncDispose]());

  it('is armed there before it arrives, goes over by that slot, and the ledger says why', async () => {
    const record = await journey.until('a hand-over by a predicted slot', async () =>
      (await journey.handovers()).find(
        ({ standby, result }) => result === 'completed' && standby?.reason.startsWith('predicted ') === true,
      ),
    );
    assert.equal(record.way, 'armed');
    assert.match(record.standby?.reason ?? '', /^predicted ap-\d+ in \d+ s$/);
    const used = (await journey.pools()).find(({ domain }) => domain === record.toDomain)?.economy;
    assert.ok((used?.requests.armed ?? 0) > 0, JSON.stringify(used));
  });

  it('moves away from a host that is drained, which is ended', async () => {
    const host = (await journey.vehicle(0))?.acting?.host ?? '';
    const drained = await saidBy(() =>
      run(['drain', host, '--manager', journey.system.urls.manager], {}, new AbortController().signal),
    );
    assert.deepEqual([drained.code, drained.out], [0, `${host} is empty, and ended\n`]);
    assert.ok(!(await journey.pools()).some(({ hosts }) => hosts.some(row => row.host.host === host)));
    await journey.acknowledges(0);
  });

  it('and nothing is lost or doubled by any of that', () => journey.endsClean());
});
