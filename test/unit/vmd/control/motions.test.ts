import assert from 'node:assert/strict';
import { Motions, motionOf } from '../../../../vmd/control/motions.js';
import { Residents, type Resident } from '../../../../vmd/residents.js';
import type { LiveCell } from '../../../../store/types.js';

const NOW_MS = 1_000_000;
const cell = (signal: string, value: number | string, ageMs = 0, more: Partial<LiveCell> = {}): LiveCell => ({
  ...{ signal, value, boot: 1, seq: 1, timeMs: NOW_MS - ageMs, receivedAtMs: NOW_MS, ...more },
});

describe('what a host tells of the motion of its vehicles', () => {
  const resident = (...cells: LiveCell[]): { residents: Residents; car: Resident } => {
    const residents = new Residents();
    const car = residents.add('car-1', 1, ['10.80.0.1'], 0, 0);
    report(car, 1, ...cells);
    return { residents, car };
  };
  const report = (car: Resident, seq: number, ...cells: LiveCell[]): void => {
    car.twin.applyReport(
      1,
      seq,
      cells.map(one => ({ ...one, seq })),
    );
    car.reports++;
  };

  it('is where they were last, how fast, and how long ago', () => {
    const { car } = resident(cell('lat', 38, 700), cell('lon', -1, 700), cell('spd', 50, 100), cell('hdg', 90, 5_000));
    assert.deepEqual(motionOf(car, NOW_MS), {
      ...{ vehicle: 'car-1', latitude: 38, longitude: -1, ageMs: 700, speedKmh: 50 },
      heading: { deg: 90, ageMs: 5_000 },
    });
  });

  it('is nothing without a position or a speed, or from a position long ago', () => {
    assert.equal(motionOf(resident(cell('lat', 38), cell('lon', -1)).car, NOW_MS), undefined);
    assert.equal(motionOf(resident(cell('lat', 38), cell('spd', 50)).car, NOW_MS), undefined);
    const old = resident(cell('lat', 38, 11_000), cell('lon', -1, 11_000), cell('spd', 50)).car;
    assert.equal(motionOf(old, NOW_MS), undefined);
  });

  it('leaves out a heading of long ago', () => {
    const { car } = resident(cell('lat', 38), cell('lon', -1), cell('spd', 50), cell('hdg', 90, 31_000));
    assert.equal(motionOf(car, NOW_MS)?.heading, undefined);
  });

  it('takes a position whose time is not to be believed for as old as its report', () => {
    const suspect = { suspect: true, receivedAtMs: NOW_MS - 300 } as const;
    const { car } = resident(cell('lat', 38, -9e9, suspect), cell('lon', -1, -9e9, suspect), cell('spd', 50));
    assert.equal(motionOf(car, NOW_MS)?.ageMs, 300);
  });

  it('is told once of each report', () => {
    const { residents, car } = resident(cell('lat', 38), cell('lon', -1), cell('spd', 50));
    const motions = new Motions(
      () => residents.all(),
      () => NOW_MS,
    );
    assert.equal(motions.next().flat().length, 1);
    assert.deepEqual(motions.next(), []);
    report(car, 2, cell('spd', 51));
    assert.equal(motions.next()[0]?.[0]?.speedKmh, 51);
  });

  it('comes in messages of a bounded size', () => {
    const residents = new Residents();
    for (let n = 1; n <= 1_200; n++)
      report(residents.add(`car-${n}`, n, [], 0, 0), 1, cell('lat', 38), cell('lon', -1), cell('spd', 50));
    const messages = new Motions(
      () => residents.all(),
      () => NOW_MS,
    ).next();
    assert.deepEqual(
      messages.map(rows => rows.length),
      [500, 500, 200],
    );
  });
});
