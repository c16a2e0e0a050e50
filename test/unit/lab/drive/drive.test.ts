import assert from 'node:assert/strict';
import { driveOf } from '../../../../lab/drive/drive.js';
import { driveTimeMs, wallTimeMs } from '../../../../lab/drive/drive-clock.js';
import type { DriveRow } from '../../../../lab/drive/drive-csv.js';

const T0 = Date.UTC(2019, 0, 1);
const second = (s: number, more: Partial<DriveRow> = {}): DriveRow => ({
  timeMs: T0 + s * 1_000,
  latitude: 41 + s / 1_000,
  longitude: -96,
  gpsFix: 3,
  speedKmh: 10 * s,
  engineRpm: 1_000 + 100 * s,
  throttlePct: 20,
  headingDeg: 350 + (s % 2) * 20 - (s % 2 === 1 ? 360 : 0),
  ...more,
});

describe('driveOf', () => {
  const drive = driveOf([second(0), second(1), second(2), second(10), second(11)]);

  it('is between two seconds where the time is', () => {
    const moment = drive.at(500);
    assert.equal(moment.phase, 'driving');
    assert.ok(Math.abs((moment.position?.latitude ?? 0) - 41.0005) < 1e-9);
    assert.equal(moment.speedKmh, 5);
    assert.equal(moment.engineRpm, 1_050);
  });

  it('turns by the shorter way through north', () => assert.equal(drive.at(500).headingDeg, 0));

  it('holds the last second before a gap, then knows nothing until the next', () => {
    assert.equal(drive.at(2_999).speedKmh, 20);
    const gap = drive.at(3_000);
    assert.deepEqual(gap, { phase: 'silent', driveMs: 3_000, second: 2, fix: 1 });
    assert.equal(drive.at(9_999).phase, 'silent');
    assert.equal(drive.at(10_000).speedKmh, 100);
  });

  it('knows for the radio where the car is within a gap', () =>
    assert.ok(Math.abs(drive.whereabouts(6_000).latitude - 41.006) < 1e-9));

  it('keeps a missing value missing, and does not draw one from the next second', () => {
    const { engineRpm: _, ...silent } = second(1);
    const holed = driveOf([second(0), silent, second(2)]);
    assert.equal(holed.at(500).engineRpm, 1_000);
    assert.equal(holed.at(1_500).engineRpm, undefined);
    assert.equal(holed.at(1_500).speedKmh, 15);
  });

  it('has no position without a fix', () => {
    const moment = driveOf([second(0, { gpsFix: 0 }), second(1)]).at(100);
    assert.equal(moment.fix, 1);
    assert.equal(moment.position, undefined);
  });

  it('waits before the drive and is parked after it: no speed, the receiver keeps its place', () => {
    for (const [driveMs, phase, latitude] of [
      [-1, 'waiting', 41],
      [11_001, 'parked', 41.011],
    ] as const) {
      const moment = drive.at(driveMs);
      assert.equal(moment.phase, phase);
      assert.equal(moment.speedKmh, 0);
      assert.equal(moment.engineRpm, 0);
      assert.equal(moment.fix, 3);
      assert.equal(moment.position?.latitude, latitude);
    }
  });
});

describe('driveTimeMs', () => {
  const clock = { startAtMs: 1_000_000, speed: 10 };
  it('runs N times as fast, each car five seconds of the drive later', () => {
    assert.equal(driveTimeMs(clock, 0, 1_000_100), 1_000);
    assert.equal(driveTimeMs(clock, 2, 1_001_000), 0);
  });
  it('is undone by wallTimeMs', () =>
    assert.ok(Math.abs(driveTimeMs(clock, 3, wallTimeMs(clock, 3, 4_321)) - 4_321) < 1e-6));
});
