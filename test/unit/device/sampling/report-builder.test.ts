import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FuelInputs } from '../../../../device/sampling/fuel.js';
import type { NamedFuel } from '../../../../device/sampling/fuel-settings.js';
import { ReportBuilder } from '../../../../device/sampling/report-builder.js';
import type { Reading } from '../../../../device/sampling/reading.js';
import { encodeReport, MAX_BOOT, MAX_SEQ, META, REPORT_MAX_BYTES } from '../../../../protocol/report.js';
import { signalByWire, SIGNALS } from '../../../../protocol/signals.js';

const UNAVAILABLE = { method: 'unavailable', confidence: 'none', label: 'unavailable' } as const;
const builderOf = (fuel: () => NamedFuel = () => UNAVAILABLE) => new ReportBuilder(fuel);
/** What a report says, without method and confidence of the fuel rate. */
const said = (samples: readonly Reading[]): string[] =>
  samples
    .filter(({ name }) => name !== 'fuelm' && name !== 'fuelc')
    .map(({ name, value }) => `${name}=${String(value)}`);

describe('report builder', () => {
  it('says the newest value of each signal, newest first, and nothing twice', () => {
    const builder = builderOf();
    builder.put({ name: 'rpm', value: 900, monoMs: 0 });
    builder.put({ name: 'spd', value: 50, monoMs: 10 });
    builder.put({ name: 'rpm', value: 1_000, monoMs: 20 });
    assert.deepEqual(said(builder.take(30)), ['rpm=1000', 'spd=50']);
    assert.deepEqual(said(builder.take(500)), []);
  });

  it('leaves out what has not changed until it is due again, and then says it with its new time', () => {
    const builder = builderOf();
    const times: number[] = [];
    for (let atMs = 0; atMs <= 6_000; atMs += 200) {
      builder.put({ name: 'spd', value: 50, monoMs: atMs });
      builder.put({ name: 'rpm', value: atMs, monoMs: atMs });
      const found = builder.take(atMs).find(({ name }) => name === 'spd');
      if (found !== undefined) times.push(found.monoMs);
    }
    assert.deepEqual(times, [0, 2_000, 4_000, 6_000]);
  });

  it('says something in every report while anything is read: what was not said for longest', () => {
    const builder = builderOf();
    const all: string[][] = [];
    for (let atMs = 0; atMs < 2_000; atMs += 500) {
      for (const name of ['spd', 'rpm', 'maf']) builder.put({ name, value: 0, monoMs: atMs });
      all.push(said(builder.take(atMs)));
    }
    assert.equal(all[0]?.length, 3);
    for (const samples of all.slice(1)) assert.equal(samples.length, 1);
    assert.equal(new Set(all.slice(1).flat()).size, 3);
  });

  it('says nothing once the car is silent: what was read before is not said again', () => {
    const builder = builderOf();
    for (let atMs = 0; atMs < 2_000; atMs += 500) {
      for (const name of ['spd', 'rpm', 'maf']) builder.put({ name, value: 7, monoMs: atMs });
      assert.ok(builder.take(atMs).length > 0);
    }
    for (let atMs = 2_000; atMs < 60_000; atMs += 500) assert.deepEqual(builder.take(atMs), []);
    builder.put({ name: 'rpm', value: 7, monoMs: 60_000 });
    assert.deepEqual(said(builder.take(60_000)), ['rpm=7'], 'the ignition is on again, and that alone was read');
  });

  it('says a value that changed and came back between two reports with its newest reading', () => {
    const builder = builderOf();
    for (const [value, monoMs] of [
      [50, 0],
      [51, 200],
      [50, 400],
    ] as const) {
      builder.put({ name: 'spd', value, monoMs });
      if (monoMs === 0) builder.take(0);
    }
    const [sample] = builder.take(500);
    assert.deepEqual(sample, { name: 'spd', value: 50, monoMs: 400 });
  });

  it('puts no more into a report than a datagram holds, the fast ones first, and the rest into the next', () => {
    const builder = builderOf();
    SIGNALS.forEach((row, at) =>
      builder.put({ name: row.wire, value: row.kind === 'text' ? 'x'.repeat(200) : at / 7, monoMs: at }),
    );
    const seen = new Set<string>();
    for (let n = 0; n < 40 && seen.size < SIGNALS.length; n++) {
      const samples = builder.take(1_000);
      if (n === 0)
        for (const row of SIGNALS)
          if (row.tier === 'fast')
            assert.ok(
              samples.some(({ name }) => name === row.wire),
              row.wire,
            );
      for (const { name } of samples) seen.add(name);
      const vehicle = 'a'.repeat(32);
      const timeMs = Date.UTC(2026, 0, 1);
      const metas = [
        { name: META.proof, value: 'f'.repeat(32), timeMs },
        { name: META.boot, value: '134217727,68719476735,estimated', timeMs },
      ];
      const bytes = encodeReport({
        vehicle,
        boot: MAX_BOOT,
        seq: MAX_SEQ,
        timeMs,
        samples: [
          ...metas,
          ...samples.map(({ name, value, monoMs }) => ({ name, value, timeMs: timeMs - 19 * monoMs })),
        ],
      });
      assert.ok(bytes.length <= REPORT_MAX_BYTES, `${bytes.length} bytes`);
    }
    assert.equal(seen.size, SIGNALS.length);
  });

  it('never parts latitude from longitude', () => {
    const builder = builderOf();
    builder.put({ name: 'lat', value: 41, monoMs: 0 });
    builder.put({ name: 'lon', value: -96, monoMs: 0 });
    builder.take(0);
    builder.put({ name: 'lat', value: 41.1, monoMs: 1_000 });
    builder.put({ name: 'lon', value: -96, monoMs: 1_000 });
    assert.deepEqual(said(builder.take(1_000)), ['lat=41.1', 'lon=-96']);
  });

  it('says the figures of a new fuel method together with its name', () => {
    let result: NamedFuel = { method: 'maf', confidence: 'medium', constants: '', label: 'maf', fuelLh: 3, co2Gs: 2 };
    const builder = builderOf(() => result);
    builder.put({ name: 'maf', value: 10, monoMs: 0 });
    builder.take(0);
    builder.put({ name: 'maf', value: 11, monoMs: 200 });
    assert.deepEqual(
      builder
        .take(200)
        .map(({ name }) => name)
        .sort(),
      ['maf'],
    );
    result = { method: 'fuel-cut', confidence: 'medium', constants: '', label: 'fuel-cut', fuelLh: 0, co2Gs: 0 };
    builder.put({ name: 'maf', value: 12, monoMs: 400 });
    const names = builder.take(400).map(({ name }) => name);
    assert.deepEqual(names.sort(), ['co2', 'fuel', 'fuelm', 'maf']);
  });

  it('says what was made of old readings once: where only the receiver goes on, the engine is not spoken of again', () => {
    const builder = builderOf();
    builder.put({ name: 'iat', value: 25, monoMs: 0 });
    builder.put({ name: 'hdop', value: 1, monoMs: 0 });
    builder.take(0);
    const again: string[] = [];
    for (let atMs = 500; atMs < 20_000; atMs += 500) {
      builder.put({ name: 'hdop', value: 1, monoMs: atMs });
      again.push(...builder.take(atMs).map(({ name }) => name));
    }
    assert.deepEqual([...new Set(again)], ['hdop']);
  });

  it('makes a fuel figure of readings that are young enough for their tier, and of no others', () => {
    const asked: FuelInputs[] = [];
    const builder = new ReportBuilder(inputs => {
      asked.push(inputs);
      return UNAVAILABLE;
    });
    const all = ['maf', 'rpm', 'map', 'iat', 'thr', 'load', 'spd'] as const;
    for (const name of all) builder.put({ name, value: 1, monoMs: 0 });
    const ageMs = { fast: 2_000, medium: 5_000, slow: 60_000 };
    for (const nowMs of [2_000, 2_001, 5_000, 5_001, 60_000, 60_001]) {
      builder.put({ name: 'ect', value: nowMs, monoMs: nowMs });
      builder.take(nowMs);
      const inputs = asked.pop() ?? {};
      const young = all.filter(name => nowMs <= ageMs[signalByWire(name)!.tier]);
      assert.deepEqual(Object.keys(inputs).sort(), [...young].sort(), `${nowMs} ms`);
    }
  });

  it('says nothing about the engine as long as nothing was read of the car', () => {
    const builder = builderOf();
    for (const name of ['lat', 'lon']) builder.put({ name, value: 1, monoMs: 0 });
    assert.deepEqual(
      builder
        .take(0)
        .map(({ name }) => name)
        .sort(),
      ['lat', 'lon'],
    );
  });

  it('says a position once a second at most, however often the receiver tells it', () => {
    const builder = builderOf();
    const times: number[] = [];
    for (let atMs = 0; atMs <= 4_000; atMs += 200) {
      builder.put({ name: 'lat', value: atMs, monoMs: atMs });
      builder.put({ name: 'spd', value: atMs, monoMs: atMs });
      const found = builder.take(atMs).find(({ name }) => name === 'lat');
      if (found !== undefined) times.push(found.monoMs);
    }
    assert.deepEqual(times, [0, 1_000, 2_000, 3_000, 4_000]);
  });

  it('says again at the next reading what found no way into a report', () => {
    const builder = builderOf();
    for (const [name, value] of [
      ['ect', 88],
      ['spd', 50],
    ] as const)
      builder.put({ name, value, monoMs: 0 });
    builder.missed(builder.take(0));
    builder.put({ name: 'ect', value: 88, monoMs: 100 });
    // Another one that has changed: the report would not be empty without it.
    builder.put({ name: 'spd', value: 51, monoMs: 100 });
    assert.deepEqual(said(builder.take(100)).sort(), ['ect=88', 'spd=51']);
  });

  it('lets no value of a car that is read grow older than the refresh of its tier, and never tells an old one', () => {
    const names = ['spd', 'rpm', 'map'] as const;
    const limitMs = { fast: 2_000, medium: 5_000, slow: 20_000 };
    fc.assert(
      fc.property(
        fc.array(fc.record({ value: fc.integer({ min: 0, max: 2 }), name: fc.constantFrom(...names) }), {
          minLength: 1,
          maxLength: 200,
        }),
        readings => {
          const builder = builderOf();
          const live = new Map<string, Reading>();
          const newest = new Map<string, Reading>();
          readings.forEach(({ name, value }, at) => {
            const monoMs = at * 100;
            newest.set(name, { name, value, monoMs });
            builder.put({ name, value, monoMs });
            if (at % 5 !== 4) return;
            const samples = builder.take(monoMs);
            assert.ok(said(samples).length > 0, 'a report while the car is read');
            for (const sample of samples) live.set(sample.name, sample);
            for (const [wire, reading] of newest) {
              const shown = live.get(wire)!;
              assert.equal(shown.value, reading.value, 'the newest value is the one that people see');
              const tier = signalByWire(wire)!.tier;
              assert.ok(reading.monoMs - shown.monoMs < limitMs[tier], `${wire} is confirmed in time`);
            }
          });
        },
      ),
    );
  });
});
