import assert from 'node:assert/strict';
import { NmeaCycle, type CycleTpv } from '../../../../device/gps/nmea-cycle.js';
import { nmeaChecksum, parseNmea } from '../../../../device/gps/nmea.js';

const line = (body: string): string => `$${body}*${nmeaChecksum(body).toString(16).padStart(2, '0')}`;
const rmc = (time: string, more = 'A,4807.0,N,01131.0,E,10,90,010626,,,A'): string => `GNRMC,${time},${more}`;
const gga = (time: string, more = '4807.0,N,01131.0,E,1,09,1.2,545.4,M,46.9,M,,'): string => `GNGGA,${time},${more}`;
const GSA_GPS = 'GNGSA,A,3,01,02,03,04,05,06,07,08,,,,,1.9,1.1,1.5';
const GSA_GALILEO = 'GNGSA,A,3,71,72,73,74,75,,,,,,,,1.9,1.1,1.5';

function run(bodies: readonly string[], spacingMs = 50): CycleTpv[] {
  const cycle = new NmeaCycle();
  const found = bodies.map((body, index) => cycle.take(parseNmea(line(body)), index * spacingMs));
  return [...found, cycle.flush()].filter(tpv => tpv !== undefined);
}
const EXPECTED = {
  mode: 3,
  timeMs: Date.UTC(2026, 5, 1, 12, 0, 0),
  altitudeM: 545.4,
  hdop: 1.2,
  horizontalErrorM: 18,
  satellites: 13,
};

describe('a cycle of NMEA sentences', () => {
  const orders: Readonly<Record<string, readonly string[]>> = {
    'RMC first': [rmc('120000'), gga('120000'), GSA_GPS, GSA_GALILEO],
    'GGA first': [gga('120000'), GSA_GPS, GSA_GALILEO, rmc('120000')],
    'satellites before positions': [GSA_GPS, GSA_GALILEO, rmc('120000'), gga('120000')],
  };
  for (const [name, bodies] of Object.entries(orders))
    it(`is one look, ${name}`, () => {
      const looks = run([...bodies, ...bodies.map(body => body.replace('120000', '120001'))]);
      assert.equal(looks.length, 2);
      for (const [index, { tpv }] of looks.entries()) {
        const { mode, timeMs, altitudeM, hdop, horizontalErrorM, satellites } = tpv;
        assert.deepEqual(
          { mode, timeMs: (timeMs ?? 0) - 1_000 * index, altitudeM, hdop, horizontalErrorM, satellites },
          EXPECTED,
        );
      }
    });

  it('is heard when its first sentence came', () =>
    assert.deepEqual(
      run([rmc('120000'), gga('120000'), rmc('120001')]).map(look => look.heardAtMs),
      [0, 100],
    ));
  it('takes the day from the sentence of the same moment alone, around midnight', () => {
    const looks = run([
      rmc('235959', 'A,4807.0,N,01131.0,E,10,90,311226,,,A'),
      gga('235959'),
      gga('000000'),
      rmc('000000', 'A,4807.0,N,01131.0,E,10,90,010127,,,A'),
      gga('000001'),
    ]);
    assert.deepEqual(
      looks.map(({ tpv }) => tpv.timeMs),
      [Date.UTC(2026, 11, 31, 23, 59, 59), Date.UTC(2027, 0, 1), undefined],
    );
  });
  it('is no fix where the receiver says so in any sentence', () => {
    assert.equal(run([rmc('120000', 'V,,,,,,,010626,,,N'), gga('120000')])[0]?.tpv.mode, 1);
    assert.equal(run([rmc('120000'), gga('120000', '4807.0,N,01131.0,E,0,00,,,M,,M,,')])[0]?.tpv.mode, 1);
    assert.equal(run([rmc('120000'), gga('120000', '4807.0,N,01131.0,E,6,00,,1,M,,M,,')])[0]?.tpv.mode, 1);
    assert.equal(run([rmc('120000'), 'GPGSA,A,1,,,,,,,,,,,,,,,'])[0]?.tpv.mode, 1);
  });
  it('has three dimensions without GSA where it has an altitude, else two', () => {
    assert.equal(run([rmc('120000'), gga('120000')])[0]?.tpv.mode, 3);
    assert.equal(run([rmc('120000')])[0]?.tpv.mode, 2);
  });
  it('takes speed and course from VTG where RMC has none', () => {
    const [look] = run([rmc('120000', 'A,4807.0,N,01131.0,E,,,010626,,,A'), 'GPVTG,084.4,T,,M,22.4,N,36.0,K']);
    assert.deepEqual([look?.tpv.speedMs, look?.tpv.headingDeg], [10, 84.4]);
  });
  it('forgets what GSA said when none comes any more', () => {
    const looks = run([GSA_GPS, rmc('120000'), rmc('120010')], 6_000);
    assert.deepEqual(
      looks.map(({ tpv }) => tpv.mode),
      [2, 2],
    );
  });
  it('counts the satellites in view over all systems', () => {
    const cycle = new NmeaCycle();
    for (const body of ['GPGSV,1,1,08', 'GLGSV,1,1,05', 'GPGSV,1,1,09']) cycle.take(parseNmea(line(body)), 0);
    assert.equal(cycle.inView, 14);
  });
});
