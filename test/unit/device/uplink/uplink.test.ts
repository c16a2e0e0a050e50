import assert from 'node:assert/strict';
import fc from 'fast-check';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { Outbox } from '../../../../device/uplink/outbox.js';
import { RejectedFile } from '../../../../device/uplink/rejected-file.js';
import { RoundTrip } from '../../../../device/uplink/round-trip.js';
import { Uplink } from '../../../../device/uplink/uplink.js';
import { seededRandom } from '../../../../lab/seeded-random.js';
import type { CoapRequest, CoapResponse, RequestOptions } from '../../../../protocol/coap/types.js';
import { fault } from '../../../../protocol/errors.js';
import { METRICS, type MetricName } from '../../../../protocol/metrics.js';
import { splitBatch } from '../../../../protocol/report-batch.js';
import { decodeGap, decodeReport, META, type Report } from '../../../../protocol/report.js';
import type { DesiredSettings } from '../../../../protocol/settings.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { tearingDisk } from '../../../fakes/tearing-disk.js';

const TWIN = { address: '10.64.0.7', port: 5_683 };
const REGISTRATION = { vehicle: 'car-1', number: 7, twin: TWIN, nextBoot: 1 };

/** Reports of a request, one by one or together. */
const reportsOf = ({ payload, contentFormat }: CoapRequest): Report[] => {
  const bytes = payload ?? new Uint8Array();
  return (contentFormat === 63 ? splitBatch(bytes) : [bytes]).map(decodeReport);
};

interface World {
  readonly answer: (reports: readonly Report[], request: CoapRequest) => CoapResponse | Error | undefined;
  readonly batchMax?: number;
}

/** An uplink over an outbox; the twin answers as `answer` says, undefined: not in time. */
async function world({ answer, batchMax = 16 }: World) {
  const clock = fakeClock();
  const disk = tearingDisk(seededRandom(1));
  const stamp = () => ({ offsetMs: clock.nowMs() - clock.monotonicMs(), clock: 'system' }) as const;
  const outbox = await Outbox.open({
    ...{ disk, vehicle: 'car-1', stamp, clock, timers: clock, log: silentLog },
    estimate: stamp,
    nextBoot: highest => Promise.resolve(highest + 1),
    trustedMs: () => clock.nowMs(),
    maxAgeMs: 30 * 86_400_000,
    maxBytes: 1_000_000,
    syncMs: 200,
  });
  const witnessed: number[] = [];
  const desired: DesiredSettings[] = [];
  const sizes: number[] = [];
  const request = async (_peer: unknown, asked: CoapRequest, options?: RequestOptions): Promise<CoapResponse> => {
    options?.onTransmit?.(1);
    const reports = reportsOf(asked);
    sizes.push(reports.length);
    assert.ok((asked.payload?.length ?? 0) <= 1_120, 'a datagram holds it');
    const found = answer(reports, asked);
    const { signal, timeoutMs = 5_000 } = options ?? {};
    let stop = (): void => undefined;
    await new Promise<void>((resolve, reject) => {
      stop = () => reject(fault('COAP_CLOSED', 'stopped'));
      signal?.addEventListener('abort', stop);
      clock.after(found === undefined ? timeoutMs : 20, resolve);
    }).finally(() => signal?.removeEventListener('abort', stop));
    if (found === undefined) throw fault('COAP_TIMEOUT', 'lost');
    if (found instanceof Error) throw found;
    return found;
  };
  const uplink = new Uplink({
    ...{ vehicle: 'car-1', endpoint: { request }, outbox, batchMax, clock, timers: clock, log: silentLog },
    rejected: new RejectedFile(disk, 100_000),
    witness: {
      acknowledged: (_vehicle, { seq }) => {
        witnessed.push(seq);
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    parallel: 4,
    roundTrip: new RoundTrip({ firstMs: 2_000, answerMs: 5_000 }),
    random: seededRandom(2),
    liveMs: 1_200,
    onSettings: settings => desired.push(settings),
    metrics: new Metrics<MetricName>(METRICS),
  });
  return {
    ...{ clock, outbox, uplink, witnessed, desired, sizes },
    sample: (count: number) => {
      for (let i = 0; i < count; i++) outbox.add([{ name: 'spd', value: i, monoMs: clock.monotonicMs() }]);
    },
    [Symbol.asyncDispose]: async () => {
      await uplink[Symbol.asyncDispose]();
      await outbox[Symbol.asyncDispose]();
    },
  };
}

const STORED: CoapResponse = { code: '2.04' };

describe('uplink', () => {
  it('catches up after an outage with several reports to a datagram, each acknowledged once', async () => {
    await using it = await world({ answer: () => STORED });
    it.sample(200);
    await it.clock.advance(5_000);
    it.uplink.start(TWIN);
    await it.clock.advance(5_000);
    assert.equal(it.outbox.status.pending, 0);
    assert.equal(new Set(it.witnessed).size, 200);
    assert.equal(it.witnessed.length, 200);
    assert.ok(it.sizes.length < 40, `${it.sizes.length} datagrams`);
    assert.equal(Math.max(...it.sizes), 16);
  });

  it('goes on one by one with a twin that knows no batches', async () => {
    await using it = await world({ answer: reports => (reports.length > 1 ? { code: '4.15' } : STORED) });
    it.sample(50);
    await it.clock.advance(5_000);
    it.uplink.start(TWIN);
    await it.clock.advance(10_000);
    assert.equal(it.outbox.status.pending, 0);
    assert.ok(it.sizes.filter(size => size > 1).length <= 4);
  });

  it('declares the one report of a batch that the twin can never take, and no other', async () => {
    const declared: number[] = [];
    await using it = await world({
      answer: reports => {
        for (const { samples } of reports)
          for (const { name, value } of samples) if (name === META.gap) declared.push(decodeGap(value)?.from ?? 0);
        return reports.some(({ seq }) => seq === 7) ? { code: '4.00' } : STORED;
      },
    });
    it.sample(20);
    await it.clock.advance(5_000);
    it.uplink.start(TWIN);
    await it.clock.advance(20_000);
    assert.equal(it.outbox.status.pending, 0);
    assert.deepEqual(declared, [7]);
    assert.ok(!it.witnessed.includes(7));
  });

  it('hears from an acknowledgement what the vehicle is to be set to, and minds no nonsense there', async () => {
    const settings = { version: 3, settings: { batchMax: 2 } };
    const payloads = ['{"unknown":["x"]}', 'nonsense', JSON.stringify({ settings }), '{"settings":{"version":"x"}}'];
    await using it = await world({
      answer: () => ({ code: '2.04', contentFormat: 50, payload: Buffer.from(payloads.shift() ?? '{}') }),
    });
    it.uplink.start(TWIN);
    it.sample(5);
    await it.clock.advance(2_000);
    assert.equal(it.outbox.status.pending, 0);
    assert.deepEqual(it.desired, [settings]);
  });

  it('loses no report and counts none twice, whatever becomes of datagrams and answers', async () => {
    const fate = fc.constantFrom(
      'stored',
      'stored',
      'lost',
      'answer lost',
      'busy',
      'old twin',
      'unregistered',
      'closed',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { maxLength: 60 }),
        fc.integer({ min: 1, max: 16 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
        async (fates, batchMax, bursts) => {
          const stored = new Set<number>();
          await using it = await world({
            batchMax,
            answer: reports => {
              const what = fates.shift() ?? 'stored';
              if (what === 'old twin' && reports.length > 1) return { code: '4.15' };
              if (what === 'busy') return { code: '5.03', maxAgeS: 1 };
              if (what === 'unregistered') return { code: '4.03' };
              if (what === 'closed') return fault('COAP_RESET', 'reset');
              if (what === 'lost') return undefined;
              for (const { seq } of reports) stored.add(seq);
              return what === 'answer lost' ? undefined : STORED;
            },
          });
          it.uplink.start(TWIN);
          for (const burst of bursts) {
            it.sample(burst);
            await it.clock.advance(700);
            if (it.uplink.watched.demanded()) it.uplink.registered(REGISTRATION);
          }
          await it.clock.advance(900_000);
          const all = bursts.reduce((sum, burst) => sum + burst, 0);
          assert.deepEqual([it.outbox.status.pending, stored.size], [0, all]);
          assert.deepEqual([it.witnessed.length, new Set(it.witnessed).size], [all, all]);
        },
      ),
      { numRuns: 40 },
    );
  }).timeout(60_000);
});
