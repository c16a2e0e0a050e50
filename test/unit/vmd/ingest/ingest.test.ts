import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { reportRemarks } from '../../../../protocol/api/vmd.js';
import type { CoapRequest, CoapResponse, Exchange } from '../../../../protocol/coap/types.js';
import { fault } from '../../../../protocol/errors.js';
import { METRICS } from '../../../../protocol/metrics.js';
import { encodeBatch } from '../../../../protocol/report-batch.js';
import { encodeReport, META, type Report } from '../../../../protocol/report.js';
import type { Sample } from '../../../../protocol/sample.js';
import { Ingest, type IngestDeps, type StoredReport } from '../../../../vmd/ingest/ingest.js';
import { KnownVehicles } from '../../../../vmd/ingest/known-vehicles.js';
import { Residents } from '../../../../vmd/residents.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { memoryTwinStore } from '../../../fakes/memory-twin-store.js';

const NOW_MS = Date.UTC(2026, 5, 1);
const ALIAS = '127.80.0.7';
const sample = (name: string, value: number | string, timeMs = NOW_MS): Sample => ({ name, value, timeMs });
const report = (seq: number, samples: Sample[] = [sample('spd', 50)], over: Partial<Report> = {}): Uint8Array =>
  encodeReport({ vehicle: 'car-7', boot: 1, seq, timeMs: NOW_MS, samples, ...over });
const post = (payload: Uint8Array, over: Partial<CoapRequest> = {}): CoapRequest => ({
  method: 'POST',
  path: ['r'],
  query: ['v=1'],
  contentFormat: 112,
  payload,
  ...over,
});
const from = (address: string): Exchange => ({
  peer: { address, port: 2_049 },
  messageId: 1,
  token: new Uint8Array(),
  confirmable: true,
});
const words = (response: CoapResponse): string => Buffer.from(response.payload ?? []).toString();
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

const batch = (...reports: Uint8Array[]): CoapRequest => post(encodeBatch(reports), { contentFormat: 63 });

function scene(queueMax = 100, settingsFor?: IngestDeps['settingsFor']) {
  const store = memoryTwinStore([{ vehicle: 'car-7', number: 7, key: '', registeredAtMs: 0 }]);
  const metrics = new Metrics(METRICS);
  const stored: StoredReport[] = [];
  const ingest = new Ingest({
    store,
    vehicles: new KnownVehicles('127.80.0.0', new Residents(), store),
    clock: fakeClock(NOW_MS),
    metrics,
    log: silentLog,
    queueMax,
    onStored: row => stored.push(row),
    ...(settingsFor === undefined ? {} : { settingsFor }),
  });
  const send = async (request: CoapRequest, address = ALIAS): Promise<CoapResponse> =>
    ingest.handle(request, from(address));
  return { store, metrics, stored, ingest, send };
}

describe('vmd ingest', () => {
  it('answers 2.04 without a payload once the report is durable, and not before', async () => {
    const { store, send, stored } = scene();
    store.hold();
    let answered = false;
    const answer = send(post(report(1))).finally(() => (answered = true));
    while (store.held === 0) await turn();
    await turn();
    assert.deepEqual([answered, stored.length], [false, 0]);
    store.letGo();
    assert.deepEqual(await answer, { code: '2.04' });
    assert.deepEqual([store.rows.map(row => row.seq), stored.length], [[1], 1]);
  });

  it('stores the bytes as they were received', async () => {
    const { store, send } = scene();
    const bytes = report(3, [sample('spd', 50), sample('x', 'raw')]);
    await send(post(bytes));
    const { receivedAtMs, ...row } = store.rows[0]!;
    assert.deepEqual(row, { vehicle: 'car-7', boot: 1, seq: 3, timeMs: NOW_MS, bytes, schema: 1 });
    assert.equal(receivedAtMs, NOW_MS);
  });

  it('gathers what comes while commits run into one commit', async () => {
    const { store, send } = scene();
    store.hold();
    const answers = [send(post(report(1)))];
    while (store.held < 1) await turn();
    answers.push(send(post(report(2))));
    while (store.held < 2) await turn();
    for (let seq = 3; seq <= 20; seq++) answers.push(send(post(report(seq))));
    for (let turns = 0; turns < 5; turns++) await turn();
    assert.equal(store.held, 2);
    store.letGo();
    assert.deepEqual(new Set((await Promise.all(answers)).map(({ code }) => code)), new Set(['2.04']));
    assert.equal(store.rows.length, 20);
  });

  it('answers 5.03 with Max-Age at the bound of its queue', async () => {
    const { store, send } = scene(2);
    store.hold();
    const taken = [send(post(report(1))), send(post(report(2)))];
    while (store.held === 0) await turn();
    const refused = await send(post(report(3)));
    assert.deepEqual([refused.code, refused.maxAgeS], ['5.03', 1]);
    store.letGo();
    assert.deepEqual(
      (await Promise.all(taken)).map(({ code }) => code),
      ['2.04', '2.04'],
    );
    assert.equal((await send(post(report(3)))).code, '2.04');
  });

  it('answers 5.03 when the store fails, and goes on when it is well again', async () => {
    const { store, send, stored } = scene();
    store.fail(fault('STORE_FAILED', 'disk full'));
    const failed = await send(post(report(1)));
    assert.deepEqual([failed.code, failed.maxAgeS, stored.length], ['5.03', 1, 0]);
    assert.match(words(failed), /^STORE_FAILED/);
    store.fail(undefined);
    assert.equal((await send(post(report(1)))).code, '2.04');
  });

  it('names what can never be live in the acknowledgement, counts it, and stores it all the same', async () => {
    const { store, send, metrics, stored } = scene();
    const answer = await send(
      post(report(1, [sample('spd', 50), sample('spd2', 1), sample('ect', 900), sample('meta/clock', 'gps')])),
    );
    assert.deepEqual([answer.code, answer.contentFormat], ['2.04', 50]);
    assert.deepEqual(reportRemarks.parse(JSON.parse(words(answer))), { unknown: ['spd2'], range: ['ect'] });
    assert.deepEqual(
      stored[0]?.cells.map(cell => cell.signal),
      ['spd'],
    );
    assert.equal(store.rows.length, 1);
    assert.equal(await metrics.total('vmd_flagged_total'), 2);
  });

  it('keeps the acknowledgement small, however many names are unknown', async () => {
    const { send } = scene();
    const many = Array.from({ length: 60 }, (_, at) => sample(`n${at}`, 1));
    const answer = await send(post(report(1, many)));
    assert.equal(answer.code, '2.04');
    assert.ok((answer.payload?.length ?? 0) < 700);
  });

  it('takes an implausible time as data: live, but suspect', async () => {
    const { send, stored, metrics } = scene();
    const lateMs = NOW_MS + 11_000;
    assert.deepEqual(await send(post(report(1, [sample('spd', 50, lateMs)], { timeMs: lateMs }))), { code: '2.04' });
    assert.equal(stored[0]?.cells[0]?.suspect, true);
    assert.equal(await metrics.total('vmd_flagged_total'), 1);
  });

  it('answers a batch once all of it is durable, with the remarks on all of it', async () => {
    const { store, send, stored } = scene();
    store.hold();
    let answered = false;
    const answer = send(batch(report(1, [sample('x', 1)]), report(2), report(3, [sample('ect', 900)]))).finally(
      () => (answered = true),
    );
    while (store.held === 0) await turn();
    await turn();
    assert.deepEqual([answered, stored.length], [false, 0]);
    store.letGo();
    const { code, ...rest } = await answer;
    assert.equal(code, '2.04');
    assert.deepEqual(JSON.parse(words({ code, ...rest })), { unknown: ['x'], range: ['ect'] });
    assert.deepEqual(
      store.rows.map(row => row.seq),
      [1, 2, 3],
    );
    assert.equal(stored.length, 3);
  });

  it('takes none of a batch in which one report cannot be read, or is not of the vehicle', async () => {
    const { store, send } = scene();
    const cut = report(2).subarray(0, 20);
    assert.equal((await send(batch(report(1), cut))).code, '4.00');
    assert.equal((await send(batch(report(1), report(2, [], { vehicle: 'car-8' })))).code, '4.03');
    assert.equal((await send(post(Uint8Array.of(0x43, 1), { contentFormat: 63 }))).code, '4.00');
    assert.equal((await send(batch(report(1), new Uint8Array(1_025)))).code, '4.13');
    assert.equal(store.rows.length, 0);
  });

  it('does not acknowledge a batch of which a part found no place, and takes it whole when it comes again', async () => {
    const { store, send } = scene(2);
    store.hold();
    const refused = send(batch(report(1), report(2), report(3)));
    while (store.held === 0) await turn();
    store.letGo();
    assert.equal((await refused).code, '5.03');
    const whole = scene();
    assert.equal((await whole.send(batch(report(1), report(2), report(3)))).code, '2.04');
  });

  it('hands the device its settings with an acknowledgement, beside what it has to remark if there is room', async () => {
    const settings = { version: 3, settings: { batchMax: 4 } };
    const { send } = scene(100, vehicle => (vehicle === 'car-7' ? settings : undefined));
    assert.deepEqual(JSON.parse(words(await send(post(report(1))))), { settings });
    assert.deepEqual(JSON.parse(words(await send(post(report(2, [sample('x', 1)]))))), { unknown: ['x'], settings });
    const large = { version: 4, settings: { x: 'y'.repeat(760) } };
    const narrow = scene(100, () => large);
    const many = Array.from({ length: 60 }, (_, at) => sample(`${'n'.repeat(30)}${at}`, 1));
    assert.deepEqual(JSON.parse(words(await narrow.send(post(report(1, many.slice(0, 20)))))), { settings: large });
  });

  it('tells what the device says of its settings with the report that says it', async () => {
    const { send, stored } = scene();
    assert.deepEqual(await send(post(report(1, [sample(META.settings, '3,refused,no car')]))), { code: '2.04' });
    assert.deepEqual(stored[0]?.reported, { version: 3, result: 'refused', reason: 'no car' });
    await send(post(report(2, [sample(META.settings, 'nonsense')])));
    assert.equal(stored[1]?.reported, undefined);
  });

  const refusals: [string, CoapRequest, string, string, string][] = [
    ['random bytes', post(Buffer.from('9f3b5577', 'hex')), ALIAS, '4.00', 'REPORT_MALFORMED'],
    ['an empty payload', post(new Uint8Array()), ALIAS, '4.00', 'REPORT_MALFORMED'],
    ['a truncated report', post(report(1).subarray(0, 20)), ALIAS, '4.00', 'REPORT_MALFORMED'],
    ['a report that is too large', post(new Uint8Array(1_025)), ALIAS, '4.13', 'REPORT_TOO_LARGE'],
    ['another version', post(report(1), { query: ['v=2'] }), ALIAS, '4.00', 'REPORT_MALFORMED'],
    ['no version', post(report(1), { query: [] }), ALIAS, '4.00', 'REPORT_MALFORMED'],
    ['another content format', post(report(1), { contentFormat: 50 }), ALIAS, '4.15', 'REPORT_MALFORMED'],
    ['an alias that nobody has', post(report(1)), '127.80.0.8', '4.03', 'VEHICLE_UNKNOWN'],
    ['an address that is no alias', post(report(1)), '127.0.0.1', '4.03', 'VEHICLE_UNKNOWN'],
    ["another vehicle's report", post(report(1, [], { vehicle: 'car-8' })), ALIAS, '4.03', 'VEHICLE_MISMATCH'],
  ];
  for (const [what, request, address, code, name] of refusals)
    it(`refuses ${what} by ${code} ${name}, and counts it`, async () => {
      const { send, store, metrics } = scene();
      const answer = await send(request, address);
      assert.equal(answer.code, code);
      assert.match(words(answer), new RegExp(`^${name}: `));
      assert.equal(store.rows.length, 0);
      assert.equal(await metrics.total('vmd_reports_total'), 1);
    });

  it('serves a vehicle that was registered a moment after it was refused', async () => {
    const { send, store } = scene();
    const bytes = report(1, [], { vehicle: 'car-8' });
    assert.equal((await send(post(bytes), '127.80.0.8')).code, '4.03');
    await store.putDevices([{ vehicle: 'car-8', number: 8, key: '', registeredAtMs: 0 }]);
    assert.equal((await send(post(bytes), '127.80.0.8')).code, '2.04');
  });

  it('is flushed once everything that it took is durable', async () => {
    const { store, send, ingest } = scene();
    store.hold();
    const answer = send(post(report(1)));
    const second = send(post(report(2)));
    while (store.held === 0) await turn();
    let flushed = false;
    const done = ingest.flushed().then(() => (flushed = true));
    await turn();
    assert.equal(flushed, false);
    store.letGo();
    await Promise.all([done, answer, second]);
    assert.equal(store.rows.length, 2);
    assert.deepEqual([ingest.depth, ingest.stalledMs], [0, 0]);
  });
});
