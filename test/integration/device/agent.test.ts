import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { configsOf } from '../../../device/cli.js';
import { openNodeDisk } from '../../../device/uplink/node-disk.js';
import { carStatus } from '../../../device/sampling/car-status.js';
import { readMarks } from '../../../device/uplink/marks.js';
import { freePort } from '../../../lab/network/free-port.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { META, type Report } from '../../../protocol/report.js';
import { eventually } from '../../fakes/eventually.js';
import { configIn, drive, labCar, world } from './agent-scene.js';

describe('device agent', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-device-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const config = (managerUrl: string, obd: number, more: readonly string[] = []) =>
    configIn(folder, managerUrl, obd, more);

  it('registers, takes its boot from the authority, and reports what the car says', async () => {
    await using there = await world(() => '2.04');
    await using car = await labCar();
    await drive([config(there.manager.url, car.port)], () => there.until(() => there.reports.length >= 8));
    const names = new Map(there.reports.flatMap(r => r.samples.map(s => [s.name, s.value] as const)));
    assert.deepEqual(new Set(there.reports.map(r => r.boot)), new Set([5]));
    assert.equal(names.get('spd'), 54);
    assert.equal(names.get('rpm'), 1800);
    assert.equal(names.get('ect'), 88);
    assert.ok(Math.abs(Number(names.get('fuel')) - 3.287) < 0.01, `fuel is ${String(names.get('fuel'))}`);
    assert.match(String(names.get('fuelm')), /^maf/);
  });

  it('keeps reports through a restart and refusals, without a gap', async () => {
    let refuse = true;
    await using there = await world(() => (refuse ? '5.03' : '2.04'));
    await using car = await labCar();
    const settings = [config(there.manager.url, car.port)];
    await drive(settings, () => there.until(() => there.reports.length >= 3));
    refuse = false;
    there.reports.length = 0;
    const seqs = (boot: number) => new Set(there.reports.filter(r => r.boot === boot).map(r => r.seq));
    await using disk = await openNodeDisk(join(folder, 'state'));
    const before = await readMarks(disk);
    const accepted = before.boots.find(row => row.boot === 5)?.accepted ?? 0;
    assert.ok(accepted >= 3);
    await drive(settings, () => there.until(() => seqs(5).size >= accepted && seqs(6).size >= 3));
    assert.equal(there.registrations(), 1, 'a device with a number sends at once');
    const witnessed = new Set((await readFile(join(folder, 'witness'), 'utf8')).trim().split('\n'));
    for (let seq = 1; seq <= accepted; seq++) assert.ok(witnessed.has(`car-1 5 ${seq}`));
  });

  it('is set to other tiers and thresholds by its twin while it runs, says so, and keeps it through a restart', async () => {
    let desired: object | undefined = { version: 1, settings: { rates: { ect: { tier: 'off' }, nox: {} } } };
    await using there = await world(
      () => '2.04',
      () => (desired === undefined ? undefined : { settings: desired }),
    );
    await using car = await labCar();
    const settings = [config(there.manager.url, car.port)];
    const saidOf = (report: Report): unknown => report.samples.find(({ name }) => name === META.settings)?.value;
    const has = (name: string) => (report: Report) => report.samples.some(sample => sample.name === name);
    await drive(settings, async () => {
      await there.until(() => there.reports.some(report => /^1,refused,.*nox/.test(String(saidOf(report)))));
      assert.ok(there.reports.some(has('rpm')));
      desired = { version: 2, settings: { rates: { rpm: { tier: 'off' } }, reportIntervalMs: 60 } };
      await there.until(() => there.reports.some(report => saidOf(report) === '2,applied'));
      desired = undefined;
    });
    const after = () => there.reports.filter(({ boot }) => boot === 6);
    await drive(settings, () => there.until(() => after().filter(has('spd')).length >= 3));
    assert.ok(!after().some(has('rpm')), 'the engine speed is not asked for any more');
    assert.ok(!after().some(has(META.settings)), 'nobody asked');
  });

  it('registers again when the twin does not know it', async () => {
    let known = false;
    await using there = await world(() => (known ? '2.04' : '4.03'));
    await using car = await labCar();
    await drive([config(there.manager.url, car.port)], async () => {
      await there.until(() => there.registrations() >= 2);
      known = true;
      there.reports.length = 0;
      await there.until(() => there.reports.some(report => report.seq === 1));
    });
  });

  it('answers its twin from the car, and reports that value as well', async () => {
    await using there = await world(() => '2.04');
    await using car = await labCar();
    await drive([config(there.manager.url, car.port)], async () => {
      await there.until(() => there.reports.some(report => report.samples.some(sample => sample.name === 'spd')));
      const device = there.device()!;
      const answer = await there.twin.request(device, { method: 'GET', path: ['s', 'Vehicle.OBD.CoolantTemperature'] });
      assert.equal(answer.code, '2.05');
      assert.equal(JSON.parse(Buffer.from(answer.payload!).toString()).value, 88);
      const none = await there.twin.request(device, { method: 'GET', path: ['s', 'Vehicle.Nonsense'] });
      assert.equal(none.code, '4.04');
    });
  });

  it('stops sampling on demand, sends what is queued, and tells its status', async () => {
    await using there = await world(() => '2.04');
    await using car = await labCar();
    const http = await freePort();
    const one = [config(there.manager.url, car.port, ['--http-listen', `127.0.0.1:${http}`])];
    await drive(one, async () => {
      await there.until(() => there.reports.length >= 3);
      await using client = new HttpClient(`http://127.0.0.1:${http}`);
      await client.call('PUT', '/v1/sampling', { body: { on: false } });
      const status = async () => {
        const { agents } = await client.call('GET', '/v1/status', { answer: z.object({ agents: z.array(agentRow) }) });
        return agents[0]!;
      };
      // What was sampled last is accepted with the next sync, and queued only then.
      const empty = async () => {
        const now = await status();
        return now.queue === 0 && now.accepted === now.seq;
      };
      await eventually('the queue is empty', empty);
      const { seq, accepted, acknowledged, vehicle, obd, car: told } = await status();
      assert.deepEqual([vehicle, obd, accepted, acknowledged], ['car-1', true, seq, seq]);
      assert.deepEqual(
        [told?.state, told?.adapter, told?.isClone, told?.controlUnits, told?.pidsPerRequest],
        ['polling', 'ELM327 v2.2', false, ['7E8'], 6],
      );
      assert.equal(told?.rates?.['spd']?.wantedHz, 5);
      assert.deepEqual(new Set(there.reports.map(report => report.seq)).size, seq);
      await client.call('PUT', '/v1/sampling', { body: { on: true } });
      await there.until(() => there.reports.some(report => report.seq > seq));
      const text = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text();
      assert.match(text, /coap_datagrams_total\{direction="out",type="con"\} [1-9]/);
      await assert.rejects(client.call('PUT', '/v1/sampling', { body: { on: 1 } }), { code: 'REQUEST_INVALID' });
    });
  });

  it('runs several agents of a fleet file in one process, each with its own car and boot', async () => {
    await using there = await world(() => '2.04');
    await using car = await labCar();
    await using other = await labCar();
    const file = join(folder, 'fleet.json');
    const row = (vehicle: string, obd: number) => ({
      vehicle,
      state: join(folder, vehicle),
      'obd.tcp': `127.0.0.1:${obd}`,
    });
    await writeFile(file, JSON.stringify([row('car-1', car.port), row('car-2', other.port)]));
    const argv = [
      ...['run', '--fleet', file, '--manager-url', there.manager.url, '--uplink-bind', '127.0.0.1:0'],
      ...['--clock-system', 'trusted', '--report-interval-ms', '100', '--log-level', 'silent'],
      ...['--process-metrics', 'false'],
    ];
    const configs = configsOf(argv.slice(1), {});
    assert.deepEqual(
      configs.map(({ vehicle }) => vehicle),
      ['car-1', 'car-2'],
    );
    await drive(configs, () =>
      there.until(() =>
        ['car-1', 'car-2'].every(vehicle => there.reports.some(r => r.vehicle === vehicle && r.seq > 3)),
      ),
    );
  });

  it('names every fault of a fleet file', async () => {
    const file = join(folder, 'fleet.json');
    const read = async (text: string) => {
      await writeFile(file, text);
      return configsOf(['--fleet', file], {});
    };
    await assert.rejects(read('[]'), /is not an array of settings/);
    await assert.rejects(read('{'), /cannot be read/);
    await assert.rejects(
      read('[{"vehicle": "Car 1", "sped": 3}, {"vehicle": "b", "state": "x", "obd.fastHz": 99}]'),
      error => {
        for (const part of [
          'vehicle must be',
          '--sped',
          'state is required',
          'manager.url is required',
          'agent 2: obd.fastHz',
        ])
          assert.ok(String(error).includes(part), `${String(error)} names ${part}`);
        return true;
      },
    );
  });
});

const agentRow = z.object({
  vehicle: z.string(),
  seq: z.int(),
  accepted: z.int(),
  acknowledged: z.int(),
  queue: z.int(),
  obd: z.boolean(),
  car: carStatus.optional(),
});
