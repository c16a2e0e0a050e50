import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseRequest, skyObject, tpvObject } from '../../../../lab/gps/gpsd-protocol.js';

const TIME = '2026-01-01T00:00:00.000Z';

describe('the gpsd protocol', () => {
  it('reads what clients ask', () => {
    assert.deepEqual(parseRequest('?WATCH={"enable":true,"json":true}'), {
      ask: 'WATCH',
      change: { enable: true, json: true },
    });
    assert.deepEqual(parseRequest('?WATCH={"json":true}'), { ask: 'WATCH', change: { enable: true, json: true } });
    assert.deepEqual(parseRequest('?WATCH'), { ask: 'WATCH', change: {} });
    assert.deepEqual(parseRequest('?POLL'), { ask: 'POLL' });
  });

  for (const bad of [
    '?HELP',
    'WATCH',
    '?WATCH={',
    '?WATCH=[]',
    '?WATCH={"enable":1}',
    '?WATCH={"device":"/dev/null"}',
    `?${'A'.repeat(80)}`,
  ])
    it(`refuses ${bad.slice(0, 40)}`, () => assert.equal(parseRequest(bad).ask, 'refused'));

  it('never throws', () => fc.assert(fc.property(fc.string(), text => assert.ok(parseRequest(text).ask))));

  it('gives speed in m/s, the time of the clock, and the error from hdop', () => {
    const tpv = tpvObject(
      {
        phase: 'driving',
        driveMs: 0,
        second: 0,
        fix: 3,
        position: { latitude: 41.25, longitude: -96.07 },
        speedKmh: 36,
        headingDeg: 90,
        hdop: 1,
        altitudeM: 300,
      },
      TIME,
    );
    assert.deepEqual(
      [tpv['mode'], tpv['time'], tpv['speed'], tpv['track'], tpv['eph'], tpv['altMSL']],
      [3, TIME, 10, 90, 15, 300],
    );
  });

  it('gives mode 1 and no place without a fix', () => {
    const tpv = tpvObject({ phase: 'silent', driveMs: 0, second: 0, fix: 1 }, TIME);
    assert.equal(tpv['mode'], 1);
    assert.equal('lat' in tpv || 'speed' in tpv, false);
    assert.equal('hdop' in skyObject({ phase: 'silent', driveMs: 0, second: 0, fix: 1 }, TIME), false);
  });
});
