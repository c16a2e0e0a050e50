import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decideFreshness } from '../../../../analytics/query/freshness.js';
import { ageOf, signalState, signalStates } from '../../../../analytics/query/signal-state.js';
import { signalByWire, type SignalRow } from '../../../../protocol/signals.js';
import type { LiveCell } from '../../../../store/types.js';

const NOW = Date.UTC(2026, 5, 1);
const cellOf = (ageMs: number, over: Partial<LiveCell> = {}): LiveCell => ({
  signal: 'spd',
  boot: 1,
  seq: 1,
  value: 42,
  timeMs: NOW - ageMs,
  receivedAtMs: NOW,
  ...over,
});
const rowOf = (wire: string): SignalRow => signalByWire(wire)!;

describe('the decision whether the store answers', () => {
  it('takes any stored value where no maxAge is asked for', () => {
    const found = decideFreshness(cellOf(86_400_000), undefined, NOW);
    assert.equal(found.level, 'store');
    assert.match(found.why, /no maxAge/);
  });

  it('asks the twin exactly when the stored value is older than maxAge', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e6), (ageMs, maxAgeMs) => {
        const found = decideFreshness(cellOf(ageMs), maxAgeMs, NOW);
        assert.equal(found.level, ageMs <= maxAgeMs ? 'store' : 'twin');
      }),
    );
  });

  it('asks the twin where nothing is stored, with and without maxAge', () => {
    assert.equal(decideFreshness(undefined, undefined, NOW).level, 'twin');
    assert.equal(decideFreshness(undefined, 5_000, NOW).level, 'twin');
  });

  it('trusts no age of a suspect clock, and keeps the value to fall back on', () => {
    const cell = cellOf(0, { suspect: true });
    assert.deepEqual(decideFreshness(cell, 1e9, NOW), {
      level: 'twin',
      cell,
      why: 'the stored value’s clock is suspect, so its age is unknown',
    });
  });
});

describe('the state of a signal', () => {
  it('has age 0 where the sample is a little ahead of our clock, and none where its clock is suspect', () => {
    assert.equal(ageOf(cellOf(-800), NOW), 0);
    assert.equal(ageOf(cellOf(0, { suspect: true }), NOW), null);
  });

  it('becomes stale by its tier: speed after seconds, coolant temperature after a minute', () => {
    assert.equal(signalState(rowOf('spd'), cellOf(6_000), NOW).stale, true);
    assert.equal(signalState(rowOf('ect'), cellOf(20_000), NOW).stale, false);
    assert.equal(signalState(rowOf('ect'), cellOf(61_000), NOW).stale, true);
    assert.equal(signalState(rowOf('spd'), cellOf(0, { suspect: true }), NOW).stale, true);
  });

  it('names derived signals derived, and all others stored', () => {
    assert.equal(signalState(rowOf('co2'), cellOf(0), NOW).source, 'derived');
    assert.equal(signalState(rowOf('rpm'), cellOf(0), NOW).source, 'stored');
  });

  it('shows every signal of the paper though never reported, and others only with a value', () => {
    const paths = signalStates(new Map([['alt', cellOf(0, { signal: 'alt' })]]), NOW).map(({ path }) => path);
    assert.ok(paths.includes('Vehicle.OBD.Speed') && paths.includes('Vehicle.CurrentLocation.Altitude'));
    assert.ok(!paths.includes('Vehicle.OBD.FuelLevel'));
  });
});
