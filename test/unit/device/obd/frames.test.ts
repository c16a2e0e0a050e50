import assert from 'node:assert/strict';
import fc from 'fast-check';
import { busOf } from '../../../../device/obd/bus.js';
import { crc8, framesOf } from '../../../../device/obd/frames.js';
import { reassemble } from '../../../../device/obd/iso-tp.js';
import { showAnswer } from '../../../../lab/car/elm-show.js';
import { POWER_ON } from '../../../../lab/car/elm-state.js';

const CAN11 = busOf('A6');
const FRAME = { code: 'OBD_FRAME' };
const messages = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 2, maxLength: 60 });
const shown = (protocol: number, all: readonly (readonly number[])[], headers = true): string[] =>
  showAnswer({ ...POWER_ON, headers, spaces: false }, protocol, all);

describe('frames', () => {
  it('has the checksum of J1850 as the data sheet shows it', () =>
    // ELM327DS, "Interpreting Trouble Codes": 48 6B 10 41 00 BE 3E B8 11 FA
    assert.equal(crc8(Uint8Array.from(Buffer.from('486B104100BE3EB811', 'hex'))), 0xfa));

  it('gives back every message that was sent over CAN, of one unit or three', () =>
    fc.assert(
      fc.property(fc.array(messages, { minLength: 1, maxLength: 3 }), fc.constantFrom(6, 7), (all, protocol) => {
        const found = reassemble(shown(protocol, all), busOf(String(protocol)));
        const sorted = [...found].sort((x, y) => x.ecu.localeCompare(y.ecu));
        assert.deepEqual(
          sorted.map(({ data }) => [...data]),
          all,
        );
      }),
    ));

  it('gives them back without headers, too', () =>
    fc.assert(
      fc.property(messages, message => {
        const [found] = reassemble(shown(6, [message], false), busOf('6', false));
        assert.deepEqual([...found!.data], message);
      }),
    ));

  it('cuts lines that were run into one, and joins those that were broken', () =>
    fc.assert(
      fc.property(messages, fc.nat(), fc.integer({ min: 4, max: 18 }), (message, at, size) => {
        const lines = shown(6, [message]);
        const joint = at % Math.max(1, lines.length - 1);
        const joined = lines.flatMap((line, n) =>
          n === joint && n + 1 < lines.length ? [line + lines[n + 1]!] : n === joint + 1 ? [] : [line],
        );
        assert.deepEqual([...reassemble(joined, CAN11)[0]!.data], message);
        const [first = '', ...rest] = lines;
        const broken = [first.slice(0, size), first.slice(size), ...rest].filter(text => text !== '');
        assert.deepEqual([...reassemble(broken, CAN11)[0]!.data], message);
      }),
    ));

  it('refuses a frame whose checksum is wrong, one that is cut, and one out of turn', () => {
    const [line = ''] = shown(5, [[0x41, 0x0c, 0x1a, 0xf8]]);
    assert.equal(framesOf([line], busOf('5')).length, 1);
    assert.throws(() => framesOf([`${line.slice(0, -2)}00`], busOf('5')), FRAME);
    const lines = shown(6, [Array.from({ length: 20 }, (_, n) => n)]);
    assert.throws(() => reassemble(lines.slice(0, -1), CAN11), FRAME);
    assert.throws(() => reassemble([lines[0]!, lines[2]!, lines[1]!], CAN11), FRAME);
    assert.throws(() => reassemble([lines[0]!.slice(0, 10), lines[1]!], CAN11), FRAME);
    assert.throws(() => reassemble(['1:4142', '0:4344'], busOf('6', false)), FRAME);
  });

  it('throws nothing but OBD_FRAME, whatever the lines', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string({ unit: fc.constantFrom(...'0123456789ABCDEF:7E8 '), maxLength: 40 }),
            fc.constantFrom('7E8', '7E80441', '18DAF110', '486B10', '83F110', '014', '0:49'),
            fc.string({ maxLength: 300 }),
          ),
          { maxLength: 6 },
        ),
        fc.constantFrom('1', '3', '5', '6', '7'),
        fc.boolean(),
        (lines, number, headers) => {
          try {
            reassemble(lines, busOf(number, headers));
          } catch (error) {
            assert.equal((error as { code?: string }).code, 'OBD_FRAME', String(error));
          }
        },
      ),
      { numRuns: 2_000 },
    ));
});
