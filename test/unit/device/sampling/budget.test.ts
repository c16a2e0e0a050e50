import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Odometer } from '../../../../device/sampling/odometer.js';
import { ReportBuilder, type ReportRules } from '../../../../device/sampling/report-builder.js';
import type { Reading } from '../../../../device/sampling/reading.js';
import { decodeLeftOut, LeftOut } from '../../../../protocol/budget.js';
import { encodeReport, META } from '../../../../protocol/report.js';

const HEADERS_BYTES = 89;
const bytesOf = (readings: readonly Reading[]): number => {
  const samples = readings.map(({ name, value, monoMs }) => ({ name, value, timeMs: 2 ** 40 + monoMs }));
  const newestMs = Math.max(0, ...samples.map(({ timeMs }) => timeMs));
  return (
    HEADERS_BYTES + encodeReport({ vehicle: 'car-1', boot: 9, seq: 9, timeMs: newestMs || 2 ** 40, samples }).length
  );
};
const NAMES = ['rpm', 'maf', 'thr', 'load', 'map', 'lam', 'ect', 'iat', 'dist'];
const WEIGHTS: Readonly<Record<string, number>> = { spd: 16, rpm: 16, maf: 16, thr: 16, load: 16, map: 4, lam: 4 };
const rulesOf = (bytesPerKm: number, more: Partial<ReportRules> = {}): ReportRules => ({
  ...{ bytesPerKm, bytesOf, thresholds: new Map(), weightOf: name => WEIGHTS[name] ?? 1 },
  ...more,
});
const builderOf = (rules: ReportRules): ReportBuilder =>
  new ReportBuilder(() => ({ method: 'unavailable', confidence: 'none', label: 'unavailable' }), rules);

/** Drives for so long; every signal changes with every reading. Gives the reports. */
function drive(builder: ReportBuilder, speedKmh: number, forMs: number, fromMs = 0): Reading[][] {
  const reports: Reading[][] = [];
  for (let atMs = fromMs; atMs < fromMs + forMs; atMs += 500) {
    builder.put({ name: 'spd', value: speedKmh + (atMs % 1_000) / 1_000, monoMs: atMs });
    for (const name of NAMES) builder.put({ name, value: atMs / 500, monoMs: atMs });
    const report = builder.take(atMs);
    if (report.length > 0) reports.push(report);
  }
  return reports;
}
const sum = (reports: readonly Reading[][]): number => reports.reduce((bytes, report) => bytes + bytesOf(report), 0);

describe('a budget of bytes for each kilometre', () => {
  it('is kept, whatever the speed, but for a sign of life a minute', () => {
    fc.assert(
      fc.property(fc.integer({ min: 500, max: 20_000 }), fc.integer({ min: 0, max: 180 }), (bytesPerKm, speedKmh) => {
        const reports = drive(builderOf(rulesOf(bytesPerKm)), speedKmh, 600_000);
        const km = ((speedKmh + 0.5) * 600) / 3_600;
        const mayBytes = 400 + km * bytesPerKm + 11 * 320;
        assert.ok(sum(reports) <= mayBytes, `${sum(reports)} of ${mayBytes}`);
        assert.ok(reports.length >= 10, 'a sign of life');
      }),
      { numRuns: 40 },
    );
  });

  it('is used: half the bytes at least where there is always something to say', () => {
    const reports = drive(builderOf(rulesOf(2_000)), 100, 600_000);
    assert.ok(sum(reports) >= (100 / 6) * 2_000 * 0.5, String(sum(reports)));
  });

  it('says what matters often, and everything sometimes', () => {
    const said = new Map<string, number>();
    for (const report of drive(builderOf(rulesOf(2_000)), 100, 600_000))
      for (const { name } of report) said.set(name, (said.get(name) ?? 0) + 1);
    for (const name of [...NAMES, 'spd']) assert.ok((said.get(name) ?? 0) > 0, `${name} is never said`);
    assert.ok((said.get('rpm') ?? 0) > 3 * (said.get('ect') ?? 0));
  });

  it('tells once what it left out, so that a reader knows it from what is lost', () => {
    const leftOut = new LeftOut();
    let told = 0;
    let known = 0;
    for (const report of drive(builderOf(rulesOf(2_000)), 60, 300_000)) {
      const before = NAMES.filter(name => leftOut.has(name));
      for (const { name, value } of report)
        if (name === META.budget)
          for (const left of decodeLeftOut(value)) {
            told++;
            assert.ok(!before.includes(left) || report.some(reading => reading.name === left), `${left} is told twice`);
            assert.ok(!report.some(reading => reading.name === left), `${left} is said and left out`);
          }
      leftOut.take(report, META.budget);
      // Every signal has news in every report here: what a report does not say was left out.
      for (const name of NAMES)
        if (!report.some(reading => reading.name === name)) {
          known++;
          assert.ok(leftOut.has(name), `${name} is missing, and nobody told`);
        }
    }
    assert.ok(told > 0 && known > told);
  });

  it('lets nothing go that has not changed, and all of it without a budget', () => {
    const builder = builderOf(rulesOf(100_000));
    builder.put({ name: 'rpm', value: 900, monoMs: 0 });
    assert.ok(builder.take(0).some(({ name }) => name === 'rpm'));
    for (let atMs = 500; atMs <= 59_000; atMs += 500) {
      builder.put({ name: 'rpm', value: 900, monoMs: atMs });
      assert.deepEqual(
        builder.take(atMs).filter(({ name }) => name === 'rpm'),
        [],
      );
    }
    builder.setRules(rulesOf(0));
    builder.put({ name: 'rpm', value: 900, monoMs: 59_500 });
    assert.ok(builder.take(59_500).some(({ name }) => name === 'rpm'));
  });
});

describe('thresholds', () => {
  it('keep back changes that are too small, from what was said last and not from the last reading', () => {
    const builder = builderOf(rulesOf(0, { thresholds: new Map([['rpm', 50]]) }));
    const said: unknown[] = [];
    for (const [at, value] of [900, 930, 949, 950, 960, 901, 900].entries()) {
      builder.put({ name: 'rpm', value, monoMs: at });
      builder.put({ name: 'spd', value: at, monoMs: at });
      said.push(builder.take(at).find(({ name }) => name === 'rpm')?.value);
    }
    assert.deepEqual(said, [900, undefined, undefined, 950, undefined, undefined, 900]);
  });

  it('do not keep back the refresh', () => {
    const builder = builderOf(rulesOf(0, { thresholds: new Map([['rpm', 50]]) }));
    builder.put({ name: 'rpm', value: 900, monoMs: 0 });
    builder.take(0);
    builder.put({ name: 'rpm', value: 910, monoMs: 2_000 });
    assert.ok(builder.take(2_000).some(({ name, value }) => name === 'rpm' && value === 910));
  });
});

describe('odometer', () => {
  it('counts by speed, and guesses nothing over a silence', () => {
    const odometer = new Odometer();
    for (let s = 0; s <= 60; s++) odometer.put({ name: 'spd', value: 60, monoMs: s * 1_000 });
    assert.ok(Math.abs(odometer.metres - 1_000) < 1);
    odometer.put({ name: 'spd', value: 60, monoMs: 3_660_000 });
    assert.ok(odometer.metres < 1_100);
  });

  it('counts by positions where the car tells no speed, and not while it stands', () => {
    const odometer = new Odometer();
    const at = (latitude: number, monoMs: number): void => {
      odometer.put({ name: 'lat', value: latitude, monoMs });
      odometer.put({ name: 'lon', value: 0, monoMs });
    };
    for (let s = 0; s < 60; s++) at(0.00001 * (s % 2), s * 1_000);
    assert.equal(odometer.metres, 0);
    for (let s = 0; s <= 10; s++) at(0.001 * s, 60_000 + s * 1_000);
    assert.ok(Math.abs(odometer.metres - 1_112) < 5, String(odometer.metres));
    odometer.put({ name: 'spd', value: 0, monoMs: 70_500 });
    at(0.02, 71_000);
    assert.ok(odometer.metres < 1_120, 'the speed counts where there is one');
  });
});
