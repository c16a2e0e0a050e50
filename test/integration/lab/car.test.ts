import assert from 'node:assert/strict';
import { once } from 'node:events';
import fc from 'fast-check';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { METRICS } from '../../../protocol/metrics.js';
import { openElm327Server, type AdapterServer } from '../../../lab/car/elm327-server.js';
import { labVin } from '../../../lab/car/vin.js';
import { openDrive } from '../../../lab/drive/drive-file.js';
import { EngineModel } from '../../../lab/drive/engine-model.js';
import { openGpsdServer, type GpsdServer } from '../../../lab/gps/gpsd-server.js';
import { fakeClock, type FakeClock } from '../../fakes/fake-clock.js';
import { LineClient } from '../../fakes/line-client.js';
import { eventually } from '../../fakes/eventually.js';

describe('a car of the lab', () => {
  const log = silentLog;
  const metrics = new Metrics(METRICS);
  let clock: FakeClock;
  let driveMs: number;
  let adapter: AdapterServer;
  let gpsd: GpsdServer;

  beforeEach(async () => {
    clock = fakeClock();
    driveMs = 100_000;
    const drive = await openDrive('drive-06');
    const engine = new EngineModel(drive);
    const listen = { address: '127.0.0.1', port: 0 };
    const car = { vin: labVin(0), values: () => engine.at(driveMs) };
    adapter = await openElm327Server({ listen, car, turnAroundMs: 20, timers: clock, log, metrics });
    gpsd = await openGpsdServer({
      listen,
      moment: () => drive.at(driveMs),
      intervalMs: 1_000,
      clock,
      timers: clock,
      log,
      metrics,
    });
  });
  afterEach(async () => {
    await adapter[Symbol.asyncDispose]();
    await gpsd[Symbol.asyncDispose]();
  });

  /** Sends a line and lets the adapter take its time. */
  async function ask(client: LineClient, line: string): Promise<string> {
    const before = await metrics.total('car_requests_total');
    client.send(`${line}\r`);
    await eventually('the adapter reads', async () => (await metrics.total('car_requests_total')) > before);
    await clock.advance(2_000);
    return client.until('>');
  }

  it('speaks as an adapter does from power-on to values', async () => {
    await using client = await LineClient.open(adapter);
    assert.equal(await ask(client, 'ATZ'), 'ATZ\r\r\rELM327 v2.2\r\r>');
    assert.equal(await ask(client, 'ATE0'), 'ATE0\rOK\r\r>');
    for (const line of ['ATL0', 'ATS0', 'ATH1', 'ATSP0']) assert.equal(await ask(client, line), 'OK\r\r>');
    assert.match(await ask(client, '0100'), /^SEARCHING\.\.\.\r7E8064100[0-9A-F]{8}00\r\r>$/);
    assert.equal(await ask(client, 'ATDPN'), 'A6\r\r>');
    assert.match(await ask(client, '010C0D'), /^7E806410C[0-9A-F]{4}0D[0-9A-F]{2}00\r\r>$/);
    const vin = await ask(client, '0902');
    const bytes = [...vin.matchAll(/7E8(1014490201|2[12])([0-9A-F]+)/g)].map(found => found[2]).join('');
    assert.equal(Buffer.from(bytes, 'hex').toString('latin1').slice(0, 17), labVin(0));
  });

  it('takes its turn-around time for an answer of the car', async () => {
    await using client = await LineClient.open(adapter);
    await ask(client, 'ATSP6');
    client.send('010C1\r');
    await client.until('010C1\r');
    await clock.advance(19);
    assert.equal(clock.pending, 2); // the answer, and gpsd's next fix
    await clock.advance(1);
    assert.match(await client.until('>'), /^41 0C/);
  });

  it('stops a running request at the next character, and goes on', async () => {
    await using client = await LineClient.open(adapter);
    await ask(client, 'ATE0');
    await ask(client, 'ATSP6');
    client.send('010C\r\n');
    await eventually('the request runs', () => clock.pending >= 2);
    client.send('0');
    assert.equal(await client.until('>'), 'STOPPED\r\r>');
    assert.match(await ask(client, '010D'), /^41 0D/);
  });

  it('gives the adapter to the newest program, with the settings it had', async () => {
    await using old = await LineClient.open(adapter);
    await ask(old, 'ATE0');
    const closed = once(old.socket, 'close');
    await using client = await LineClient.open(adapter);
    await closed;
    assert.equal(await ask(client, 'ATI'), 'ELM327 v2.2\r\r>');
  });

  it('counts a request that could change the car, and answers it as a car does', async () => {
    const before = await metrics.total('car_forbidden_total');
    await using client = await LineClient.open(adapter);
    await ask(client, 'ATE0');
    await ask(client, 'ATSP6');
    assert.equal(await ask(client, '04'), '7F 04 22 \r\r>');
    assert.equal((await metrics.total('car_forbidden_total')) - before, 1);
  });

  it('still answers after any bytes', async () => {
    await using client = await LineClient.open(adapter);
    for (const noise of fc.sample(fc.uint8Array({ maxLength: 2_000 }), { numRuns: 30, seed: 3 })) client.send(noise);
    client.send('\r');
    await clock.advance(5_000);
    await using next = await LineClient.open(adapter);
    await ask(next, 'ATZ');
    assert.match(await ask(next, 'ATI'), /ELM327 v2\.2/);
  });

  const objects = async (client: LineClient): Promise<Record<string, unknown>> =>
    JSON.parse(await client.until('\r\n')) as Record<string, unknown>;

  it('has a gpsd that greets, lists, and sends fixes with the time of the clock', async () => {
    await using client = await LineClient.open(gpsd);
    const version = await objects(client);
    assert.deepEqual([version['class'], version['proto_major'], version['proto_minor']], ['VERSION', 3, 14]);
    client.send('?WATCH={"enable":true,"json":true};\n');
    assert.equal((await objects(client))['class'], 'DEVICES');
    const watch = await objects(client);
    assert.deepEqual([watch['class'], watch['enable'], watch['json']], ['WATCH', true, true]);
    await clock.advance(1_000);
    const tpv = await objects(client);
    assert.deepEqual([tpv['class'], tpv['mode'], tpv['time']], ['TPV', 3, new Date(clock.nowMs()).toISOString()]);
    assert.equal((await objects(client))['class'], 'SKY');
    client.send('?WATCH={"enable":false};');
    assert.equal((await objects(client))['class'], 'DEVICES');
    assert.equal((await objects(client))['enable'], false);
    await clock.advance(5_000);
    client.send('?POLL;');
    assert.equal((await objects(client))['class'], 'POLL');
  });

  it('has a gpsd that names bad requests and goes on', async () => {
    await using client = await LineClient.open(gpsd);
    await objects(client);
    client.send('?NONSENSE;?WATCH={bad};\x00\xff;');
    for (let i = 0; i < 3; i++) assert.equal((await objects(client))['class'], 'ERROR');
    client.send('?VERSION;');
    assert.equal((await objects(client))['class'], 'VERSION');
  });
});
