import assert from 'node:assert/strict';
import fc from 'fast-check';
import { codeOf } from '../../../../common/errors.js';
import { nmeaChecksum, parseNmea } from '../../../../device/gps/nmea.js';

const sentence = (body: string): string => `$${body}*${nmeaChecksum(body).toString(16).toUpperCase().padStart(2, '0')}`;
const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_key, item: unknown) =>
    typeof item === 'number' ? Number(item.toFixed(6)) : item,
  ) as unknown;

// Sentences as receivers and manuals print them, with the checksums printed there.
const VECTORS: readonly (readonly [string, unknown])[] = [
  [
    '$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A',
    {
      type: 'RMC',
      valid: true,
      atMs: 45_319_000,
      dayMs: Date.UTC(1994, 2, 23),
      latitude: 48.1173,
      longitude: 11.516667,
      speedMs: 11.523556,
      headingDeg: 84.4,
    },
  ],
  [
    '$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47',
    {
      type: 'GGA',
      quality: 1,
      atMs: 45_319_000,
      latitude: 48.1173,
      longitude: 11.516667,
      satellites: 8,
      hdop: 0.9,
      altitudeM: 545.4,
    },
  ],
  ['$GPGSA,A,3,04,05,,09,12,,,24,,,,,2.5,1.3,2.1*39', { type: 'GSA', talker: 'GP', mode: 3, used: 5, hdop: 1.3 }],
  ['$GPVTG,054.7,T,034.4,M,005.5,N,010.2,K*48', { type: 'VTG', headingDeg: 54.7, speedMs: 2.833333 }],
  ['$GPGSV,2,1,08,01,40,083,46,02,17,308,41,12,07,344,39,14,22,228,45*75', { type: 'GSV', talker: 'GP', inView: 8 }],
];

describe('NMEA 0183', () => {
  for (const [line, expected] of VECTORS)
    it(`reads ${line.slice(0, 24)}…`, () => assert.deepEqual(rounded(parseNmea(line)), expected));
  for (const talker of ['GN', 'GP', 'GL', 'GA'])
    it(`reads sentences of talker ${talker}`, () =>
      assert.equal(parseNmea(sentence(`${talker}RMC,000000.00,V,,,,,,,010126,,,N`)).type, 'RMC'));
  it('reads south and west, hundredths of a second, and what comes after a broken line', () => {
    const found = parseNmea(`$GPRMC,1235${sentence('GNRMC,235959.99,A,3400.6000,S,05830.0000,W,0.0,,311226,,,A')}`);
    assert.deepEqual(rounded(found), {
      type: 'RMC',
      valid: true,
      atMs: 86_399_990,
      dayMs: Date.UTC(2026, 11, 31),
      latitude: -34.01,
      longitude: -58.5,
      speedMs: 0,
    });
  });
  it('calls a position that nothing measured invalid', () => {
    for (const mode of ['N', 'E', 'M', 'S']) {
      const found = parseNmea(sentence(`GPRMC,000000,A,0000.0,N,00000.0,E,0,0,010126,,,${mode}`));
      assert.equal(found.type === 'RMC' && found.valid, false, mode);
    }
  });
  it('passes over whole sentences that are not its own', () => {
    for (const body of ['GPGLL,4916.45,N,12311.12,W,225444,A', 'BDGSV,1,1,00', 'PUBX,00,081350.00'])
      assert.deepEqual(parseNmea(sentence(body)), { type: 'other' });
  });
  for (const [why, line] of [
    ['a wrong checksum', '$GPGSA,A,3,04,05,,09,12,,,24,,,,,2.5,1.3,2.1*38'],
    ['no checksum', '$GPGSA,A,3,04,05,,09,12,,,24,,,,,2.5,1.3,2.1'],
    ['an unknown mode', sentence('GPGSA,A,7,,,,,,,,,,,,,1,1,1')],
    ['sixty minutes', sentence('GPGGA,000000,4860.000,N,01131.000,E,1,08,0.9,1,M,1,M,,')],
    ['a side that is none', sentence('GPGGA,000000,4800.000,X,01131.000,E,1,08,0.9,1,M,1,M,,')],
    ['the thirtieth of February', sentence('GPRMC,000000,A,0000.0,N,00000.0,E,0,0,300226,,,A')],
    ['hour 24', sentence('GPRMC,240000,A,0000.0,N,00000.0,E,0,0,010126,,,A')],
    ['an adapter', 'SEARCHING...'],
    ['nothing', ''],
  ] as const)
    it(`refuses ${why}`, () => assert.throws(() => parseNmea(line), { code: 'GPS_MALFORMED' }));

  it('refuses every sentence with one character changed', () => {
    for (const [line] of VECTORS)
      for (let place = 0; place < line.length; place++) {
        const changed = `${line.slice(0, place)}${String.fromCharCode(line.charCodeAt(place) ^ 1)}${line.slice(place + 1)}`;
        assert.throws(() => parseNmea(changed), { code: 'GPS_MALFORMED' }, changed);
      }
  });
  it('refuses every cut', () => {
    for (const [line] of VECTORS)
      for (let length = 0; length < line.length; length++)
        assert.throws(() => parseNmea(line.slice(0, length)), { code: 'GPS_MALFORMED' }, line.slice(0, length));
  });
  it('throws nothing but GPS_MALFORMED, whatever the fields hold', () =>
    fc.assert(
      fc.property(
        fc.constantFrom('RMC', 'GGA', 'GSA', 'VTG', 'GSV'),
        fc.array(fc.oneof(fc.string({ maxLength: 8 }), fc.integer().map(String), fc.constantFrom('', 'A', 'N', 'M'))),
        (type, fields) => {
          try {
            parseNmea(sentence(`GP${type},${fields.join(',')}`));
          } catch (error) {
            assert.equal(codeOf(error), 'GPS_MALFORMED');
          }
        },
      ),
      { numRuns: 500 },
    ));
});
