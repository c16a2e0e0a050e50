import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CborWriter } from '../../../protocol/cbor.js';
import {
  MAX_BOOT,
  MAX_SEQ,
  decodeBoot,
  decodeGap,
  decodeReport,
  encodeBoot,
  encodeGap,
  encodeReport,
  type Report,
} from '../../../protocol/report.js';
import { decodeSenml, encodeSenml } from '../../../protocol/senml.js';
import { SIGNALS, isPlausible, signalByPath, signalByPid, signalByWire } from '../../../protocol/signals.js';

const NOW_MS = Date.UTC(2026, 5, 1, 12);
const numeric = SIGNALS.filter(row => row.kind === 'number');

const anyReport: fc.Arbitrary<Report> = fc.record({
  vehicle: fc.stringMatching(/^[a-z0-9-]{1,32}$/),
  boot: fc.integer({ min: 1, max: MAX_BOOT }),
  seq: fc.integer({ min: 1, max: MAX_SEQ }),
  timeMs: fc.integer({ min: NOW_MS, max: NOW_MS + 1e9 }),
  samples: fc.array(
    fc.record({
      name: fc.constantFrom(...numeric.map(row => row.wire)),
      value: fc.double({ min: 0, max: 90, noNaN: true }),
      timeMs: fc.integer({ min: NOW_MS - 60_000, max: NOW_MS }),
    }),
    { maxLength: 13 },
  ),
});

describe('a report', () => {
  it('comes back with its identity, its values within a quarter of their resolution, its times within 5 ms', () => {
    fc.assert(
      fc.property(anyReport, report => {
        const samples = report.samples.map(sample => ({ ...sample, timeMs: report.timeMs - (NOW_MS - sample.timeMs) }));
        const read = decodeReport(encodeReport({ ...report, samples }));
        assert.deepEqual(
          [read.vehicle, read.boot, read.seq, read.timeMs],
          [report.vehicle, report.boot, report.seq, report.timeMs],
        );
        assert.equal(read.samples.length, samples.length);
        read.samples.forEach((found, i) => {
          const sample = samples[i]!;
          const tolerance = (signalByWire(sample.name)?.resolution ?? 0) / 4;
          assert.equal(found.name, sample.name);
          assert.ok(Math.abs(Number(found.value) - Number(sample.value)) <= tolerance, sample.name);
          assert.ok(Math.abs(found.timeMs - sample.timeMs) <= 5);
        });
      }),
    );
  });

  it('with all 13 signals of the paper takes at most 200 bytes', () => {
    const values: Record<string, number> = {
      lat: 38.0242113,
      lon: -1.1740312,
      ect: 89,
      ftyp: 4,
      dist: 12_345,
      wup: 107,
    };
    const samples = SIGNALS.filter(row => 'paper' in row).map(row => ({
      name: row.wire,
      value: values[row.wire] ?? 33.37,
      timeMs: NOW_MS + 123,
    }));
    assert.equal(samples.length, 14);
    const bytes = encodeReport({ vehicle: 'car-1', boot: 3, seq: 4_711, timeMs: NOW_MS + 123, samples });
    assert.ok(bytes.length <= 200, `${bytes.length} bytes`);
  });

  it('keeps unknown names and texts as they are', () => {
    const samples = [
      { name: 'new', value: 1.23456789, timeMs: NOW_MS },
      { name: 'fix', value: '3d', timeMs: NOW_MS },
      { name: 'on', value: true, timeMs: NOW_MS },
    ];
    assert.deepEqual(
      decodeReport(encodeReport({ vehicle: 'a', boot: 1, seq: 1, timeMs: NOW_MS, samples })).samples,
      samples,
    );
  });

  it('is refused at every truncation', () => {
    const bytes = encodeReport({
      vehicle: 'car-1',
      boot: 1,
      seq: 2,
      timeMs: NOW_MS,
      samples: [{ name: 'spd', value: 50, timeMs: NOW_MS }],
    });
    for (let length = 0; length < bytes.length; length++)
      assert.throws(() => decodeReport(bytes.subarray(0, length)), { code: 'REPORT_MALFORMED' }, `${length}`);
    assert.throws(() => decodeReport(new Uint8Array(1_025)), { code: 'REPORT_TOO_LARGE' });
  });

  const head = { bn: 'car-1/', bt: NOW_MS / 1000, n: 'boot', value: 1 };
  const seq = { n: 'seq', value: 1 };
  for (const [name, records] of [
    ['without boot and seq', [{ bn: 'car-1/', bt: 1e9, n: 'spd', value: 1 }]],
    [
      'with seq before boot',
      [
        { ...head, n: 'seq' },
        { n: 'boot', value: 1 },
      ],
    ],
    ['of a vehicle that is no id', [{ ...head, bn: 'Car 1/' }, seq]],
    ['without a vehicle', [{ ...head, bn: '' }, seq]],
    ['with boot 0', [{ ...head, value: 0 }, seq]],
    ['with a seq that is a text', [head, { n: 'seq', value: '1' }]],
    ['with a seq above its bits', [head, { n: 'seq', value: MAX_SEQ + 1 }]],
    ['with a relative base time', [{ ...head, bt: -5 }, seq]],
  ] as const)
    it(`is refused ${name}`, () =>
      assert.throws(() => decodeReport(encodeSenml(records)), { code: 'REPORT_MALFORMED' }));

  it('never fails but by its own codes, whatever the bytes', () => {
    const good = encodeReport({
      vehicle: 'car-1',
      boot: 1,
      seq: 2,
      timeMs: NOW_MS,
      samples: [{ name: 'spd', value: 50, timeMs: NOW_MS }],
    });
    const nearly = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
      .map(changes => {
        const bytes = Uint8Array.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(nearly, fc.uint8Array({ maxLength: 64 })), bytes => {
        try {
          decodeReport(bytes);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'REPORT_MALFORMED');
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('carries the previous boot and declared gaps as texts that come back', () => {
    const gap = { boot: 3, from: 10, to: 12, reason: 'bound' } as const;
    const boot = { previousBoot: 2, lastAcceptedSeq: 99, clock: 'gps' } as const;
    assert.deepEqual(decodeGap(encodeGap(gap)), gap);
    assert.deepEqual(decodeBoot(encodeBoot(boot)), boot);
    for (const wrong of ['', '1,2,3', '1,2,3,lost', '-1,2,3,bound', true, 5]) assert.equal(decodeGap(wrong), undefined);
    for (const wrong of ['', '1,2', '1,2,moon', 7]) assert.equal(decodeBoot(wrong), undefined);
  });
});

describe('SenML', () => {
  it('applies base name, time, unit and value as RFC 8428 §4.6 does', () => {
    const out = new CborWriter();
    out.array(2);
    out.map(5);
    for (const [label, value] of [
      [-2, 'urn:dev:'],
      [-3, 1_320_067_464],
      [-4, '%RH'],
      [-5, 20],
      [2, 1.5],
    ] as const) {
      out.number(label);
      if (typeof value === 'string') out.text(value);
      else out.number(value);
    }
    out.map(4);
    for (const [label, value] of [
      [0, 'x'],
      [1, 'lon'],
      [2, 4],
      [6, -60],
    ] as const) {
      out.number(label);
      if (typeof value === 'string') out.text(value);
      else out.number(value);
    }
    assert.deepEqual(decodeSenml(out.finish()), [
      { name: 'urn:dev:', t: 1_320_067_464, value: 21.5, unit: '%RH' },
      { name: 'urn:dev:x', t: 1_320_067_404, value: 24, unit: 'lon' },
    ]);
  });

  it('refuses a label that must be understood, an unknown version, and a record without a name', () => {
    const pack = (fill: (out: CborWriter) => void): Uint8Array => {
      const out = new CborWriter();
      out.array(1);
      fill(out);
      return out.finish();
    };
    for (const bytes of [
      pack(out => (out.map(2), out.text('x_'), out.number(1), out.number(2), out.number(1))),
      pack(out => (out.map(2), out.number(-1), out.number(11), out.number(2), out.number(1))),
      pack(out => (out.map(1), out.number(2), out.number(1))),
      pack(out => (out.map(2), out.number(0), out.text('a'), out.number(2), out.text('1'))),
      pack(out => out.number(1)),
    ])
      assert.throws(() => decodeSenml(bytes), { code: 'REPORT_MALFORMED' });
  });
});

describe('the catalogue of signals', () => {
  it('has each wire name, path and PID once, and finds rows by them', () => {
    for (const key of ['wire', 'path'] as const)
      assert.equal(new Set(SIGNALS.map(row => row[key])).size, SIGNALS.length);
    for (const row of SIGNALS) {
      assert.equal(signalByWire(row.wire), row);
      assert.equal(signalByPath(row.path), row);
      if (row.obd !== undefined) assert.equal(signalByPid(row.obd.pid)?.obd.pid, row.obd.pid);
    }
    assert.equal(signalByWire('nope'), undefined);
  });

  // SAE J1979 formulas, worked by hand
  for (const [pid, hex, value] of [
    [0x0c, '1af8', 1726],
    [0x0d, '32', 50],
    [0x05, '00', -40],
    [0x0f, 'ff', 215],
    [0x10, 'ffff', 655.35],
    [0x11, 'ff', 100],
    [0x04, '00', 0],
    [0x0b, '64', 100],
    [0x31, '0102', 258],
    [0x44, '8000', 1],
    [0x5e, '0014', 1],
  ] as const) {
    it(`decodes ${hex} of PID ${pid.toString(16)} as ${value}, within its range`, () => {
      const row = signalByPid(pid)!;
      const bytes = Buffer.from(hex, 'hex');
      assert.equal(bytes.length, row.obd.bytes);
      const found = row.obd.decode(new DataView(bytes.buffer, bytes.byteOffset, bytes.length)) ?? NaN;
      assert.ok(Math.abs(found - value) < 1e-9);
      assert.ok(isPlausible(row, found));
    });
  }

  it('finds implausible what is of another kind or out of range', () => {
    const speed = signalByWire('spd')!;
    for (const value of [-1, 256, NaN, '50', true]) assert.equal(isPlausible(speed, value), false);
    assert.equal(isPlausible(signalByWire('fix')!, 3), false);
  });
});
