import assert from 'node:assert/strict';
import { GpsdSession } from '../../../../device/gps/gpsd-session.js';
import { LineReader } from '../../../../device/gps/line-reader.js';
import type { Tpv } from '../../../../device/gps/tpv.js';

function session() {
  const seen = { tpvs: [] as Tpv[], faults: [] as unknown[], gone: [] as (string | undefined)[] };
  const found = new GpsdSession({
    onTpv: tpv => void seen.tpvs.push(tpv),
    onFault: error => void seen.faults.push(error),
    onGone: device => void seen.gone.push(device),
  });
  return { ...seen, take: (object: unknown, atMs = 0) => found.take(JSON.stringify(object), atMs) };
}
const tpv = (device: string) => ({ class: 'TPV', device, mode: 3, lat: 1, lon: 2 });

describe('a session with gpsd', () => {
  it('adds what was said of the sky of the same receiver, as long as it holds', () => {
    const gpsd = session();
    gpsd.take({ class: 'SKY', device: 'a', hdop: 0.7, uSat: 12 }, 0);
    gpsd.take({ class: 'SKY', device: 'a', satellites: [] }, 100);
    gpsd.take(tpv('a'), 200);
    gpsd.take(tpv('b'), 300);
    gpsd.take(tpv('a'), 9_000);
    assert.deepEqual(
      gpsd.tpvs.map(({ hdop }) => hdop),
      [0.7, undefined, undefined],
    );
    assert.equal(gpsd.tpvs[0]?.satellites, 0);
  });
  it('tells of receivers that went, by name, whether gpsd says it of one or of all', () => {
    const gpsd = session();
    gpsd.take({ class: 'DEVICES', devices: [{ path: 'a' }, { path: 'b' }] });
    gpsd.take({ class: 'DEVICE', path: 'a', activated: 0 });
    gpsd.take({ class: 'DEVICE', path: 'c', activated: 'now' });
    gpsd.take({ class: 'DEVICES', devices: [{ path: 'c' }] });
    assert.deepEqual(gpsd.gone, ['a', 'b']);
  });
  it('tells what gpsd refused, and what it cannot read, and goes on', () => {
    const gpsd = session();
    gpsd.take({ class: 'ERROR', message: 'Unrecognized request' });
    gpsd.take([]);
    gpsd.take(tpv('a'));
    assert.deepEqual([gpsd.faults.length, gpsd.tpvs.length], [2, 1]);
    assert.match(String(gpsd.faults[0]), /Unrecognized request/);
  });
});

describe('line reader', () => {
  const reader = () => {
    const lines: string[] = [];
    let faults = 0;
    const found = new LineReader({ onLine: line => void lines.push(line), onFault: () => void faults++ });
    return { lines, faults: () => faults, push: (text: string) => found.push(text) };
  };
  it('joins what was split and splits what was joined, at every byte', () => {
    const text = 'one\r\ntwo\n\n  three \rfour\n';
    for (let at = 0; at <= text.length; at++) {
      const found = reader();
      found.push(text.slice(0, at));
      found.push(text.slice(at));
      assert.deepEqual(found.lines, ['one', 'two', 'three', 'four']);
    }
  });
  it('throws an endless line away once, with its end, and reads on', () => {
    const found = reader();
    for (let i = 0; i < 5; i++) found.push('x'.repeat(8_000));
    found.push('xxx\nnext\n');
    assert.deepEqual([found.lines, found.faults()], [['next'], 1]);
  });
});
