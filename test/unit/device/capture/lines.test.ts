import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseCapture } from '../../../../device/capture/capture.js';
import { decodeLine, encodeLine, type CaptureLine } from '../../../../device/capture/lines.js';

const TPV = '{"class":"TPV","mode":3,"time":"2026-10-01T08:00:00.000Z","lat":38.02,"lon":-1.17}';
const byteText = fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes).toString('latin1'));
const plain = { noNullPrototype: true };
/** Of a setting: no JSON object that is read has this one as a name of its own. */
const name = fc.string().filter(text => text !== '__proto__');
const lines: fc.Arbitrary<CaptureLine> = fc.oneof(
  fc.record({ dir: fc.constantFrom('tx' as const, 'rx' as const), data: byteText }, plain),
  byteText.map(gpsd => ({ gpsd })),
  fc.json().map(gpsd => ({ gpsd })),
  fc.json().map(json => ({ gpsd: `{"class":"TPV","x":${json}}` })),
  byteText.map(nmea => ({ nmea })),
  fc.record({ clock: fc.record({ utcMs: fc.nat(), synchronised: fc.boolean() }, plain) }, plain),
  fc.record(
    { told: fc.record({ version: fc.integer({ min: 1 }), settings: fc.dictionary(name, fc.nat(), plain) }, plain) },
    plain,
  ),
  fc.record({ asked: fc.record({ path: fc.array(fc.string()), query: fc.array(fc.string()) }, plain) }, plain),
  fc.record({ link: fc.constantFrom('opening' as const, 'failed' as const), say: fc.string() }, plain),
);

describe('a line of a capture', () => {
  it('is read as it was written, whatever the bytes', () =>
    fc.assert(
      fc.property(lines, fc.nat(1e9), (line, us) => {
        const text = encodeLine(us / 1e3, line);
        assert.equal(text.split('\n').length, 2);
        assert.deepEqual(decodeLine(text.slice(0, -1)), { atMs: us / 1e3, ...line });
      }),
    ));

  it('is a public form where there is one: the ELM transcript, and gpsd’s own object', () => {
    assert.equal(encodeLine(1_250, { dir: 'tx', data: '010C1\r' }), '{"t":1.25,"dir":"tx","data":"010C1\\r"}\n');
    assert.equal(encodeLine(40, { gpsd: TPV }), `{"t":0.04,${TPV.slice(1)}\n`);
  });

  it('takes gpsd’s objects whose t stands elsewhere, too', () =>
    assert.deepEqual(decodeLine('{"class":"TPV","t": 2,"mode":1}'), { atMs: 2000, gpsd: '{"class":"TPV","mode":1}' }));
});

describe('a capture that is broken', () => {
  const good = '{"t":0,"dir":"tx","data":"ATZ\\r"}\n';
  for (const [what, text, message] of [
    ['no JSON', `${good}{"t":1,\n${good}`, /drive\.jsonl:2: this is not JSON/],
    ['no object', `${good}17\n`, /drive\.jsonl:2: no JSON object/],
    ['no time', `${good}${TPV}\n`, /drive\.jsonl:2: it has no t/],
    ['time that goes back', `{"t":5,"lost":1}\n${good}`, /drive\.jsonl:2: its time is before/],
    ['an unknown line', `${good}{"t":1,"dir":"up","data":""}\n`, /drive\.jsonl:2: nothing that a recording holds/],
    ['characters that are no bytes', `${good}{"t":1,"dir":"rx","data":"€"}\n`, /drive\.jsonl:2: data has a character/],
    ['two recordings', `${good}{"t":1,"capture":{"schema":1}}\n`, /drive\.jsonl:2: another recording begins here/],
    ['nothing', '\n', /drive\.jsonl: nothing is recorded in it/],
  ] as const)
    it(`is named with its line: ${what}`, () =>
      assert.throws(() => parseCapture(text, 'drive.jsonl'), { code: 'CAPTURE_INVALID', message }));

  it('of a later schema is named as that', () =>
    assert.throws(() => parseCapture('{"t":0,"capture":{"schema":2}}\n', 'drive.jsonl'), {
      code: 'STORE_SCHEMA',
      message: /drive\.jsonl:1: a recording of another schema/,
    }));

  it('is never anything but a named error, whatever the text', () =>
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.json(), fc.constant(good.trim()), fc.string())), texts => {
        try {
          parseCapture(texts.join('\n'), 'x');
        } catch (error) {
          assert.ok(['CAPTURE_INVALID', 'STORE_SCHEMA'].includes((error as { code: string }).code));
        }
      }),
    ));
});
