import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { Acks } from '../../../../md-manager/triggers/acks.js';
import type { Outcome, Result } from '../../../../md-manager/triggers/triggers.js';
import { fault } from '../../../../protocol/errors.js';
import { METRICS } from '../../../../protocol/metrics.js';
import type { Sighting } from '../../../../protocol/triggers/sighting.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

const sighting: Sighting = {
  ...{ origin: 'smf', phase: 'early', device: { kind: 'gpsi', value: 'msisdn-1' }, target: 'edge-2', atMs: 0 },
};
const outcome = (result: Result, phase: Sighting['phase'] = 'early'): Outcome => ({
  ...{ sighting: { ...sighting, phase }, result, vehicle: 'car-1', domain: 'edge-2' },
});

function scene({ arms = true, failing = 0 } = {}) {
  const clock = fakeClock();
  const metrics = new Metrics(METRICS);
  const sent: unknown[] = [];
  const kept = new Set<string>();
  const acts = new Map<string, string>();
  let fails = failing;
  const acks = new Acks({
    client: () => ({
      send: ({ json }) => {
        if (fails-- > 0) return Promise.reject(fault('UPSTREAM_AWAY', 'by the test'));
        sent.push((json as { status: string }).status);
        return Promise.resolve({ status: 204, location: undefined, body: undefined });
      },
    }),
    mayAnswer: uri => uri.host === 'smf',
    armed: () => (arms ? kept : undefined),
    actsIn: vehicle => acts.get(vehicle),
    ...{ clock, timers: clock, metrics, log: silentLog, patienceMs: 1_000 },
  });
  const answer = async (...outcomes: Outcome[]): Promise<void> => {
    acks.answer({ origin: 'smf', uri: 'http://smf/acks/1', body: ack => ack }, outcomes);
    await clock.advance(0);
  };
  return { clock, metrics, sent, kept, acts, acks, answer };
}

describe('acknowledgements of news', () => {
  it('of a move to come wait for the slot', async () => {
    const { clock, sent, kept, answer } = scene();
    await answer(outcome('foreseen'));
    await clock.advance(500);
    assert.deepEqual(sent, []);
    kept.add('car-1 edge-2');
    await clock.advance(50);
    assert.deepEqual(sent, ['SUCCESS']);
    assert.equal(clock.pending, 0);
  });

  it('of a move that happened wait for the twin to act there: a slot is not enough', async () => {
    const { clock, sent, kept, acts, answer } = scene();
    kept.add('car-1 edge-2');
    await answer(outcome('switched', 'late'));
    await clock.advance(500);
    assert.deepEqual(sent, []);
    acts.set('car-1', 'edge-2');
    await clock.advance(50);
    assert.deepEqual(sent, ['SUCCESS']);
  });

  it('say so when it takes too long, and that all goes on where nothing is ever armed', async () => {
    const { clock, sent, answer } = scene();
    await answer(outcome('foreseen'));
    await clock.advance(1_100);
    assert.deepEqual(sent, ['TEMPORARY_CONGESTION']);
    const other = scene({ arms: false });
    await other.answer(outcome('foreseen'));
    assert.deepEqual(other.sent, ['SUCCESS']);
  });

  it('of news that name nobody or nowhere are given at once, one for each', async () => {
    const { sent, answer } = scene();
    await answer(outcome('unknown-device'), outcome('unknown-place'), outcome('left'), outcome('stale'));
    assert.deepEqual(sent, ['OTHER', 'RELOC_NO_ALLOWED', 'SUCCESS', 'OTHER']);
  });

  it('are tried three times, and then given up', async () => {
    for (const [failing, expected] of [
      [2, ['SUCCESS']],
      [3, []],
    ] as const) {
      const { clock, sent, answer, metrics } = scene({ failing });
      await answer(outcome('left'));
      await clock.advance(5_000);
      assert.deepEqual(sent, expected);
      const result = expected.length === 0 ? 'failed' : 'sent';
      assert.match(await metrics.text(), new RegExp(`manager_trigger_acks_total{.*result="${result}"} 1`));
    }
  });

  it('go to nobody else, and are bounded', async () => {
    const { acks, sent, metrics, answer, clock } = scene();
    for (const uri of ['http://elsewhere/acks/1', 'no address'])
      acks.answer({ origin: 'smf', uri, body: ack => ack }, [outcome('left')]);
    await clock.advance(5_000);
    assert.deepEqual(sent, []);
    assert.match(await metrics.text(), /manager_trigger_acks_total{.*result="not-sent"} 2/);
    await answer(...Array.from({ length: 1_001 }, () => outcome('foreseen')));
    assert.deepEqual(sent, ['TEMPORARY_CONGESTION']);
    acks[Symbol.dispose]();
    assert.equal(clock.pending, 0);
  });
});
