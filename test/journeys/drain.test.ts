import assert from 'node:assert/strict';
import { drainState } from '../../protocol/api/pools.js';
import { openGate, type Gate } from '../../lab/proxy/gate.js';
import { Journey, NOTHING_ARMED, openHostsGate } from './harness.js';
import { leadingPart, loseLeader } from './kill-leader.js';

describe('the leading md-manager killed in the middle of the drain of a host', () => {
  let journey: Journey;
  const gates: Gate[] = [];
  before(async () => {
    journey = await Journey.open({
      ...{ cars: 2, managers: 2 },
      extra: { ...NOTHING_ARMED, 'md-manager-2': NOTHING_ARMED['md-manager'] },
      via: async (_block, urls) => {
        gates.push(
          await openHostsGate(),
          await openGate({ upstream: urls.manager }),
          await openGate({ upstream: urls.standby ?? '' }),
        );
        const [hosts, first, second] = gates;
        return { hosts: hosts!.url, manager: `${first!.url},${second!.url}` };
      },
    });
    for (const car of [0, 1]) {
      await journey.moveTo(car, 'edge-1');
      await journey.actsIn(car, 'edge-1');
    }
  });
  after(async () => {
    await journey?.[Symbol.asyncDispose]();
    for (const gate of gates) await gate[Symbol.asyncDispose]();
  });

  it('the next one goes on with it: every twin leaves, and the host is ended', async () => {
    const host = (await journey.vehicle(0))!.acting!.host;
    const [hosts] = gates;
    const hold = await hosts!.hold({ method: 'POST', path: /\/prepare$/ });
    await journey.manager.call('POST', `/v1/hosts/${host}/drain`, { answer: drainState });
    await hold.arrived;
    const { term } = await leadingPart(journey);
    await loseLeader(journey, 'killed');
    hold.release();
    assert.ok((await leadingPart(journey)).term > term);
    await journey.until(`${host} is gone`, async () => {
      const pools = await journey.pools().catch(() => undefined);
      return pools?.every(pool => pool.hosts.every(row => row.host.host !== host));
    });
    for (const car of [0, 1]) {
      await journey.until(`car ${car} is served elsewhere`, async () => {
        const record = await journey.vehicle(car);
        return record?.acting !== undefined && record.acting.host !== host && record.handover === undefined;
      });
      await journey.acknowledges(car);
    }
    assert.ok((await journey.handovers()).some(({ kind, result }) => kind === 'drain' && result === 'completed'));
  });

  it('and nothing is lost, doubled or left over', async () => {
    await journey.endsClean();
  });
});
