import assert from 'node:assert/strict';
import { Courses } from '../../../../md-manager/arming/courses.js';
import type { MotionRow } from '../../../../protocol/api/vmd.js';

const DEGREE_M = (6_371_008.8 * Math.PI) / 180;
const at = (eastM: number, northM: number, more: Partial<MotionRow> = {}): MotionRow => ({
  ...{ vehicle: 'car-1', latitude: northM / DEGREE_M, longitude: 10 + eastM / DEGREE_M, ageMs: 0, speedKmh: 50 },
  ...more,
});
const heading = (deg: number, ageMs = 0): Partial<MotionRow> => ({ heading: { deg, ageMs } });

describe('where vehicles go', () => {
  it('is told by where they were, as soon as they have come far enough', () => {
    const courses = new Courses();
    assert.equal(courses.heard(at(0, 0), 0), undefined);
    assert.equal(courses.heard(at(10, 0), 1_000), undefined, 'that may be the receiver’s error');
    assert.equal(courses.heard(at(25, 0), 2_000)?.headingDeg.toFixed(0), '90');
    assert.equal(courses.heard(at(25, 60), 4_000)?.headingDeg.toFixed(0), '0');
    assert.equal(courses.heard(at(0, 35), 6_000)?.headingDeg.toFixed(0), '225');
  });

  it('is what the receiver says, until they have', () => {
    const courses = new Courses();
    assert.equal(courses.heard(at(0, 0, heading(123)), 0)?.headingDeg, 123);
    assert.equal(courses.heard(at(30, 0, heading(123, 1_000)), 1_000)?.headingDeg.toFixed(0), '90');
  });

  it('is not what the receiver said long ago', () => {
    assert.equal(new Courses().heard(at(0, 0, heading(123, 60_000)), 0), undefined);
  });

  it('is not where they went before they were silent for long', () => {
    const courses = new Courses();
    courses.heard(at(0, 0), 0);
    courses.heard(at(100, 0), 5_000);
    assert.equal(courses.heard(at(0, 3_000), 60_000), undefined);
    assert.equal(courses.heard(at(0, 3_100), 65_000)?.headingDeg.toFixed(0), '0');
  });

  it('is nowhere, of who stands', () => {
    assert.equal(new Courses().heard(at(0, 0, { speedKmh: 0 }), 0)?.speedKmh, 0);
  });

  it('is of each vehicle alone', () => {
    const courses = new Courses();
    courses.heard(at(0, 0), 0);
    assert.equal(courses.heard(at(50, 0, { vehicle: 'car-2' }), 1_000), undefined);
  });

  it('keeps how old the position is', () => {
    const courses = new Courses();
    assert.equal(courses.heard(at(0, 0, { ...heading(90), ageMs: 1_500 }), 2_000)?.ageS, 1.5);
  });
});
