import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { encodeTag, UNCONFIRMED_BIT } from '../../../../protocol/addresses.js';
import type { ConfirmRequest } from '../../../../protocol/api/sdn-app.js';
import { fault } from '../../../../protocol/errors.js';
import { METRICS } from '../../../../protocol/metrics.js';
import { proofOf } from '../../../../protocol/proof.js';
import { META, type Report } from '../../../../protocol/report.js';
import { Proofs, type ConfirmResult } from '../../../../vmd/ingest/proofs.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { memoryTwinStore } from '../../../fakes/memory-twin-store.js';

const KEY = '000102030405060708090a0b0c0d0e0f';
const NOW_MS = Date.UTC(2026, 5, 1);
const HOME = encodeTag({ unconfirmed: false, datapath: 1, inPort: 3 });
const AWAY = encodeTag({ unconfirmed: true, datapath: 2, inPort: 7 });

const report = (seq: number, { boot = 1, vehicle = 'car-7', key = KEY } = {}): Report => {
  const id = { vehicle, boot, seq };
  return { ...id, timeMs: NOW_MS, samples: [{ name: META.proof, value: proofOf(key, id), timeMs: NOW_MS }] };
};

function scene(answer: (n: number) => ConfirmResult | Error = () => 'confirmed') {
  const clock = fakeClock(NOW_MS);
  const metrics = new Metrics(METRICS);
  const asked: (ConfirmRequest & { readonly vehicle: string })[] = [];
  const proofs = new Proofs({
    store: memoryTwinStore([{ vehicle: 'car-7', number: 7, key: KEY, registeredAtMs: 0 }]),
    confirm: (vehicle, request) => {
      asked.push({ vehicle, ...request });
      const found = answer(asked.length);
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    },
    clock,
    timers: clock,
    log: silentLog,
    metrics,
  });
  const look = async (one: Report, port = AWAY, afterMs = 0): Promise<void> => {
    await clock.advance(afterMs);
    proofs.look(one, { address: '127.80.0.7', port });
    await clock.advance(0);
  };
  const counted = async (result: string): Promise<boolean> =>
    (await metrics.text()).includes(`vmd_proofs_total{result="${result}"} 1`);
  return { clock, proofs, asked, look, counted };
}
const away = (): Error => fault('UPSTREAM_AWAY', 'sdn-app');

describe('vmd proofs', () => {
  it('tells sdn-app where a report with a fresh proof came in', async () => {
    const { asked, look, counted } = scene();
    await look(report(5));
    assert.deepEqual(asked, [{ vehicle: 'car-7', datapath: 2, port: 7, unconfirmed: true, boot: 1, seq: 5 }]);
    assert.ok(await counted('fresh'));
  });

  it('tells nobody of a report without a proof', async () => {
    const { asked, look } = scene();
    await look({ ...report(5), samples: [] });
    assert.deepEqual(asked, []);
  });

  it('believes no other key, vehicle or number', async () => {
    const { asked, look, counted } = scene();
    await look(report(5, { key: KEY.replace('0f', '0e') }));
    assert.ok(await counted('wrong'));
    await look({ ...report(5), seq: 6 });
    await look({ ...report(5), boot: 2 });
    await look(report(5, { vehicle: 'car-9' }));
    assert.ok(await counted('unknown'));
    assert.deepEqual(asked, []);
  });

  it('believes each proof once, and none below the highest', async () => {
    const { asked, look, counted } = scene();
    await look(report(5), HOME);
    const told = asked.length;
    await look(report(5), AWAY, 10_000);
    assert.ok(await counted('stale'));
    await look(report(4), AWAY, 10_000);
    await look(report(9, { boot: 0 }), AWAY, 10_000);
    assert.equal(asked.length, told);
    await look(report(1, { boot: 2 }), AWAY, 10_000);
    assert.equal(asked.length, told + 1);
  });

  it('asks about a tag that sdn-app needs to hear no more of once', async () => {
    const { asked, look } = scene();
    for (let seq = 1; seq < 10; seq++) await look(report(seq), HOME, 5_000);
    assert.deepEqual(
      asked.map(({ port, unconfirmed }) => [port, unconfirmed]),
      [[3, false]],
    );
    await look(report(10), AWAY, 5_000);
    await look(report(11), HOME, 5_000);
    assert.equal(asked.length, 3);
  });

  it('knows the tag of an attachment that was confirmed when it comes without the bit', async () => {
    const { asked, look } = scene();
    await look(report(1), AWAY);
    await look(report(2), AWAY & ~UNCONFIRMED_BIT, 5_000);
    assert.equal(asked.length, 1);
  });

  it('asks again about the unconfirmed tag of a source after a second, and not before', async () => {
    const { asked, look } = scene(() => 'ambiguous');
    await look(report(1));
    await look(report(2), AWAY, 999);
    assert.equal(asked.length, 1);
    await look(report(3), AWAY, 1);
    assert.equal(asked.length, 2);
  });

  it('repeats a question that came before the copy of the frame', async () => {
    const { clock, asked, look } = scene(n => (n < 3 ? 'nothing-to-confirm' : 'confirmed'));
    await look(report(1));
    await clock.advance(100);
    assert.equal(asked.length, 3);
    await clock.advance(10_000);
    assert.equal(asked.length, 3);
  });

  it('repeats a question that failed a few times, and then waits for the next report', async () => {
    const { clock, asked, look } = scene(away);
    await look(report(1));
    await clock.advance(60_000);
    assert.equal(asked.length, 4);
    await look(report(2));
    assert.equal(asked.length, 5);
  });

  it('does not repeat a question that is refused for good', async () => {
    const { clock, asked, look } = scene(() => fault('REQUEST_INVALID', 'no'));
    await look(report(1));
    await clock.advance(60_000);
    assert.equal(asked.length, 1);
  });

  it('has one question about a vehicle under way, and leaves it when the vehicle is elsewhere', async () => {
    const { clock, asked, look } = scene(away);
    await look(report(1), AWAY);
    await look(report(2), HOME);
    assert.deepEqual(
      asked.map(({ port }) => port),
      [7],
    );
    await clock.advance(1_000);
    assert.equal(asked.length, 1);
    await look(report(3), HOME);
    assert.equal(asked.at(-1)?.port, 3);
  });

  it('asks nothing about a port that is no tag', async () => {
    const { asked, look } = scene();
    await look(report(1), 0x7ff);
    await look(report(2), 0x800);
    assert.deepEqual(asked, []);
  });

  it('asks nothing more once the host stops', async () => {
    const { clock, proofs, asked, look } = scene(away);
    await look(report(1));
    proofs.stop();
    await clock.advance(60_000);
    await look(report(2));
    assert.deepEqual([asked.length, clock.pending], [1, 0]);
  });
});
