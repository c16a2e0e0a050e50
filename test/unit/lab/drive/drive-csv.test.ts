import assert from 'node:assert/strict';
import fc from 'fast-check';
import { codeOf } from '../../../../common/errors.js';
import { parseDrive } from '../../../../lab/drive/drive-csv.js';

const HEADER =
  'time_utc,latitude_deg,longitude_deg,altitude_m,heading_deg,gps_fix,satellites,hdop,speed_kmh,speed_source,engine_rpm,throttle_pct,accel_x_g,accel_y_g,accel_z_g';
const ROW = '2019-05-26T20:45:49Z,41.25,-96.07,336.6,167.73,3,8,0.99,0.35,gps,712,16.4,0.061,0.04,0.993';
const csv = (...rows: readonly string[]): string => [HEADER, ...rows].join('\n');

describe('parseDrive', () => {
  it('reads a second with all its values', () =>
    assert.deepEqual(parseDrive(csv(ROW)), [
      {
        timeMs: Date.UTC(2019, 4, 26, 20, 45, 49),
        latitude: 41.25,
        longitude: -96.07,
        altitudeM: 336.6,
        headingDeg: 167.73,
        gpsFix: 3,
        satellites: 8,
        hdop: 0.99,
        speedKmh: 0.35,
        engineRpm: 712,
        throttlePct: 16.4,
      },
    ]));

  it('leaves out what the logger did not have', () => {
    const [row] = parseDrive(csv(ROW.replace('712,16.4', ',')));
    assert.equal(row !== undefined && 'engineRpm' in row, false);
    assert.equal(row !== undefined && 'throttlePct' in row, false);
  });

  it('takes CRLF, a byte order mark, and a table without the columns that nobody needs', () => {
    const text =
      '\uFEFFtime_utc,latitude_deg,longitude_deg,speed_kmh,engine_rpm,throttle_pct\r\n2019-05-26T20:45:49Z,1,2,3,4,5\r\n';
    assert.equal(parseDrive(text).length, 1);
  });

  for (const [what, text, where] of [
    ['an empty file', '', /line 1/],
    ['an unknown column', HEADER.replace('hdop', 'hodp'), /line 1, column 'hodp'/],
    ['a column twice', HEADER.replace('hdop', 'satellites'), /line 1, column satellites: stands twice/],
    ['a missing column', HEADER.replace(',engine_rpm', ''), /line 1, column engine_rpm: is missing/],
    ['no second', HEADER, /holds no position/],
    ['too few cells', csv(ROW, '2019-05-26T20:45:50Z,1'), /line 3, column longitude_deg: 2 cells/],
    ['too many cells', csv(`${ROW},1`), /line 2, column accel_z_g: 16 cells/],
    ['a word for a number', csv(ROW.replace(',712,', ',fast,')), /line 2, column engine_rpm: 'fast' is not a number/],
    ['a number out of range', csv(ROW.replace('41.25', '141.25')), /line 2, column latitude_deg: 141.25 is not in/],
    ['half a position', csv(ROW.replace('41.25', '')), /line 2, column latitude_deg: half a position/],
    ['a local time', csv(ROW.replace('49Z', '49')), /line 2, column time_utc/],
    ['a day that is none', csv(ROW.replace('05-26', '13-26')), /line 2, column time_utc/],
    ['time that stands still', csv(ROW, ROW), /line 3, column time_utc: is not later/],
    ['another source of speed', csv(ROW.replace('gps', 'guess')), /line 2, column speed_source/],
  ] as const)
    it(`refuses ${what} and says where`, () =>
      assert.throws(() => parseDrive(text), { code: 'DRIVE_INVALID', message: where }));

  it('reads back every table of numbers, and gives rising times', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            gapS: fc.integer({ min: 1, max: 100 }),
            speed: fc.option(fc.integer({ min: 0, max: 250 })),
            rpm: fc.option(fc.integer({ min: 0, max: 8_000 })),
          }),
          { minLength: 1, maxLength: 20 },
        ),
        seconds => {
          let atMs = 0;
          const rows = seconds.map(({ gapS, speed, rpm }) => {
            atMs += gapS * 1_000;
            return `${new Date(atMs).toISOString()},1,2,,,,,,${speed ?? ''},,${rpm ?? ''},,,,`;
          });
          const found = parseDrive(csv(...rows));
          assert.deepEqual(
            found.map(row => [row.speedKmh ?? null, row.engineRpm ?? null]),
            seconds.map(({ speed, rpm }) => [speed, rpm]),
          );
          assert.ok(found.every((row, index) => index === 0 || row.timeMs > (found[index - 1]?.timeMs ?? 0)));
        },
      ),
    ));

  it('gives rows or DRIVE_INVALID for any text', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map(text => csv(text)),
          fc.array(fc.string()).map(cells => csv(cells.join(','))),
        ),
        text => {
          try {
            assert.ok(parseDrive(text).length > 0);
          } catch (error) {
            assert.equal(codeOf(error), 'DRIVE_INVALID');
          }
        },
      ),
    ));
});
