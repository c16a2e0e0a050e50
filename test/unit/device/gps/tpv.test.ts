import assert from 'node:assert/strict';
import fc from 'fast-check';
import { codeOf } from '../../../../common/errors.js';
import { parseGpsdLine } from '../../../../device/gps/tpv.js';

describe('gpsd objects', () => {
  it('reads a TPV', () => {
    const line =
      '{"class":"TPV","device":"/dev/ttyACM0","mode":3,"time":"2026-01-01T00:00:00.000Z","lat":38.0,"lon":-1.1,"altMSL":12.5,"speed":3.5,"track":12,"eph":4.2}';
    assert.deepEqual(parseGpsdLine(line), {
      class: 'TPV',
      tpv: {
        mode: 3,
        device: '/dev/ttyACM0',
        timeMs: Date.UTC(2026, 0, 1),
        latitude: 38,
        longitude: -1.1,
        altitudeM: 12.5,
        speedMs: 3.5,
        headingDeg: 12,
        horizontalErrorM: 4.2,
      },
    });
  });
  for (const line of [
    '',
    '{',
    '[]',
    'null',
    '{"class":5}',
    '{"class":"TPV"}',
    '{"class":"TPV","mode":9}',
    '{"class":"DEVICE"}',
  ])
    it(`refuses ${line || 'an empty line'}`, () => assert.throws(() => parseGpsdLine(line), { code: 'GPS_MALFORMED' }));
  it('reads the sky, new and old form', () => {
    assert.deepEqual(parseGpsdLine('{"class":"SKY","device":"a","hdop":0.9,"uSat":11,"nSat":20}'), {
      class: 'SKY',
      device: 'a',
      sky: { hdop: 0.9, satellites: 11 },
    });
    assert.deepEqual(parseGpsdLine('{"class":"SKY","satellites":[{"used":true},{"used":false},{"used":true}]}'), {
      class: 'SKY',
      sky: { satellites: 2 },
    });
  });
  it('leaves a receiver out that gpsd has closed', () =>
    assert.deepEqual(
      parseGpsdLine(
        '{"class":"DEVICES","devices":[{"path":"/a","activated":"2026-01-01"},{"path":"/b","activated":0}]}',
      ),
      { class: 'DEVICES', devices: ['/a'] },
    ));
  it('tells a receiver that came from one that went', () => {
    assert.deepEqual(parseGpsdLine('{"class":"DEVICE","path":"/a","activated":0}'), {
      class: 'DEVICE',
      device: '/a',
      active: false,
    });
    assert.deepEqual(parseGpsdLine('{"class":"DEVICE","path":"/a","activated":"2026-01-01T00:00:00Z"}'), {
      class: 'DEVICE',
      device: '/a',
      active: true,
    });
  });
  it('passes over classes that it does not know, whatever they hold', () =>
    assert.deepEqual(parseGpsdLine('{"class":"PPS","real_sec":1}'), { class: 'other', name: 'PPS' }));
  it('throws nothing but GPS_MALFORMED, whatever comes', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), line => {
        try {
          parseGpsdLine(line);
        } catch (error) {
          assert.equal(codeOf(error), 'GPS_MALFORMED');
        }
      }),
    ));
});
