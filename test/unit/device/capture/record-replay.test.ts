import assert from 'node:assert/strict';
import { loadConfig } from '../../../../common/config.js';
import { silentLog, type LogFields } from '../../../../common/log.js';
import { parseCapture, type Capture } from '../../../../device/capture/capture.js';
import { replayCapture } from '../../../../device/capture/replay-run.js';
import { virtualTime } from '../../../../device/capture/replay-time.js';
import { withShapeOf } from '../../../../device/capture/settings.js';
import { deviceConfig, SETTINGS } from '../../../../device/config.js';
import { decodeReport, META } from '../../../../protocol/report.js';
import { SCENES, START_MS } from '../../../captures/scenes.js';
import { recordedRun, type RecordedRunOptions } from '../../../fakes/recorded-run.js';

const never = new AbortController().signal;
const hex = (all: readonly Uint8Array[]): string[] => all.map(bytes => Buffer.from(bytes).toString('hex'));

async function replayed(capture: Capture, argv: readonly string[] = []) {
  const where = ['--vehicle', 'replay', '--state', '-', '--manager-url', 'http://127.0.0.1:1'];
  const config = deviceConfig({ argv: [...where, ...argv], env: withShapeOf(capture.header, SETTINGS, {}) });
  const reports: Uint8Array[] = [];
  const events: LogFields[] = [];
  const onReport = (bytes: Uint8Array): void => void reports.push(bytes);
  const onEvent = (fields: LogFields): void => void events.push(fields);
  const time = virtualTime();
  const found = await replayCapture({ capture, config, time, onReport, log: silentLog, onEvent }, never);
  return { ...found, reports, events };
}

const scene = (name: string): RecordedRunOptions => SCENES[name]!;

describe('a drive that is recorded and replayed', function () {
  this.timeout(20_000);

  for (const name of [
    'can11-three-units',
    'clone-noise-and-echo',
    'adapter-pulled',
    'gps-week-rollover',
    'nmea-serial',
  ])
    it(`is reported as it was then, byte for byte: ${name}`, async () => {
      const run = await recordedRun(scene(name));
      const { reports, steps } = await replayed(parseCapture(run.text, name));
      assert.ok(reports.length > 10);
      assert.deepEqual(hex(reports), hex(run.reports));
      assert.deepEqual([steps?.astray ?? 0, steps?.unknown ?? 0], [0, 0]);
    });

  const told = (version: number, settings: object) => ({ version, settings: { ...settings } });
  const TOLD: Partial<RecordedRunOptions> = {
    desired: told(3, { rates: { ect: { tier: 'fast' }, rpm: { tier: 'off' } } }),
    told: [
      { atMs: 8_000, desired: told(4, { rates: { ect: { tier: 'off' } }, reportIntervalMs: 500 }) },
      { atMs: 14_000, desired: told(5, { colour: 'red' }) },
      { atMs: 16_000, desired: told(4, {}) },
      { atMs: 20_000, desired: told(6, { bytesPerKm: 2_000 }) },
    ],
  };
  const ASKED: Partial<RecordedRunOptions> = {
    asked: [
      { atMs: 6_123.4, path: ['s', 'Vehicle.OBD.FuelLevel'], query: 'maxAge=0' },
      { atMs: 9_345.6, path: ['s', 'Vehicle.OBD.EngineSpeed'], query: 'maxAge=60' },
      { atMs: 12_777.8, path: ['s', 'Vehicle.Nothing'] },
      { atMs: 17_001.9, path: ['s', 'Vehicle.OBD.IntakeTemp'] },
    ],
  };
  const NAMES = new Set(['ect', 'rpm', META.settings]);
  const said = (reports: readonly Uint8Array[]): string[] =>
    reports.flatMap(bytes => {
      const { samples } = decodeReport(bytes);
      return samples.filter(({ name }) => NAMES.has(name)).map(({ name, value }) => `${name} ${value}`);
    });

  it('is reported as it was then, what its twin told and asked included, byte for byte', async () => {
    const run = await recordedRun({ ...scene('can11-three-units'), ...TOLD, ...ASKED });
    const { reports, steps } = await replayed(parseCapture(run.text, 'told'));
    assert.deepEqual(hex(reports), hex(run.reports));
    assert.deepEqual([steps?.astray, steps?.unknown], [0, 0]);
    // It did hear them: from the first report on, and at their moments.
    const words = said(reports);
    assert.ok(
      !words.some(word => word.startsWith('rpm ') && words.indexOf(word) < words.indexOf(`${META.settings} 4,applied`)),
    );
    const answers = words.filter(word => word.startsWith(META.settings));
    assert.deepEqual(
      answers.map(word => word.replace(/,refused,.*/, ',refused')),
      ['4,applied', '5,refused', '5,refused', '6,applied'].map(word => `${META.settings} ${word}`),
    );
  });

  it('is another one without what its twin told, and without what it asked', async () => {
    const run = await recordedRun({ ...scene('can11-three-units'), ...TOLD, ...ASKED });
    for (const left of [/"told":/, /"asked":/]) {
      const text = run.text
        .split('\n')
        .filter(line => !left.test(line))
        .join('\n');
      const { reports } = await replayed(parseCapture(text, 'less'));
      assert.notDeepEqual(hex(reports), hex(run.reports), String(left));
    }
    const { reports } = await replayed(parseCapture(run.text.replace(/,"desired":\{.*?\}\}\}\}/, ''), 'less'));
    assert.notDeepEqual(hex(reports), hex(run.reports), 'what was set before');
  });

  it('sees the system’s clock step as it did', async () => {
    const options = { ...scene('nmea-serial'), steps: [{ atMs: 15_000, byMs: 3_600_000 }] };
    const run = await recordedRun(options);
    const { reports } = await replayed(parseCapture(run.text, 'step'));
    assert.deepEqual(hex(reports), hex(run.reports));
    assert.ok(decodeReport(reports.at(-1)!).timeMs > START_MS + 3_600_000);
  });

  it('goes on with what is asked otherwise: other rates are told, and counted', async () => {
    const { text } = await recordedRun(scene('can11-three-units'));
    const { reports, steps } = await replayed(parseCapture(text, 'other'), ['--obd-rates', 'ect=fast,rpm=off']);
    assert.ok(steps!.unknown > 0 || steps!.astray > 0);
    const names = new Set(reports.flatMap(bytes => decodeReport(bytes).samples.map(({ name }) => name)));
    assert.ok(names.has('spd') || names.has('vbat'));
  });

  it('of which the last line is torn loses that line alone', async () => {
    const { text } = await recordedRun(scene('adapter-pulled'));
    const whole = parseCapture(text, 'whole');
    const torn = parseCapture(text.slice(0, -5), 'torn');
    assert.equal(torn.isTorn, true);
    assert.equal(torn.entries.length, whole.entries.length - 1);
    const { reports } = await replayed(torn);
    assert.ok(reports.length > 10);
  });

  it('of somebody else, a bare transcript, is read without a header or a word of the link', async () => {
    const { text } = await recordedRun(scene('can29-multi-frame'));
    const transcript = text
      .split('\n')
      .filter(line => line.includes('"dir"'))
      // Such times are of a calendar.
      .map(line => line.replace(/"t":([\d.]+)/, (_, t) => `"t":${1_436_509_052.25 + Number(t)}`))
      .join('\n');
    const capture = parseCapture(transcript, 'bare');
    assert.equal(capture.entries[0]!.atMs, 0);
    const { status } = await replayed(capture, ['--clock-hold-ms', '0', '--obd-fast-hz', '1']);
    assert.equal(status?.car?.bus, 'ISO 15765-4 CAN, 29 bit, 500 kbit/s');
  });

  it('asks with the settings of the recording, unless it is told otherwise', async () => {
    const { text } = await recordedRun(scene('can29-multi-frame'));
    const { header } = parseCapture(text, 'settings');
    assert.equal(header.settings['obd.texts'], 'dtc,dtcp,vin,cal,cvn,ecun');
    assert.equal(header.settings['obd.serial'], undefined);
    const argv = ['--vehicle', 'a', '--state', 'b', '--manager-url', 'http://c'];
    const env = withShapeOf({ schema: 1, settings: { ...header.settings, 'obd.gone': '1' } }, SETTINGS, {});
    assert.equal(loadConfig(SETTINGS, { argv, env })['obd.fastHz'], 1);
    assert.equal(loadConfig(SETTINGS, { argv: [...argv, '--obd-fast-hz', '3'], env })['obd.fastHz'], 3);
    const own = withShapeOf(header, SETTINGS, { EDGETWIN_OBD_FAST_HZ: '2' });
    assert.equal(loadConfig(SETTINGS, { argv, env: own })['obd.fastHz'], 2);
  });
});
