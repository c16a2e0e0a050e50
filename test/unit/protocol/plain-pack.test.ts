import assert from 'node:assert/strict';
import fc from 'fast-check';
import { codeOf } from '../../../common/errors.js';
import { readPlainPack } from '../../../protocol/plain-pack.js';
import {
  META,
  decodeAnyReport,
  decodeReport,
  decodeReportPart,
  encodeReport,
  type Report,
} from '../../../protocol/report.js';
import { encodeSenml, type SenmlRecord } from '../../../protocol/senml.js';
import { SIGNALS } from '../../../protocol/signals.js';

const NOW_MS = Date.UTC(2026, 5, 1, 12);

const anyValue = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -300, max: 70_000 }),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.string({ maxLength: 40 }),
);
const anyName = fc.oneof(
  fc.constantFrom(...SIGNALS.map(({ wire }) => wire), ...Object.values(META), 'seq', 'boot', ''),
  fc.string({ maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
);
const anyReport: fc.Arbitrary<Report> = fc.record({
  vehicle: fc.stringMatching(/^[a-z0-9-]{1,32}$/),
  boot: fc.integer({ min: 1, max: 300 }),
  seq: fc.integer({ min: 1, max: 2 ** 36 - 1 }),
  timeMs: fc.integer({ min: NOW_MS, max: NOW_MS + 1e9 }),
  samples: fc.array(
    fc.record({ name: anyName, value: anyValue, timeMs: fc.integer({ min: NOW_MS - 60_000, max: NOW_MS }) }),
    { maxLength: 30 },
  ),
});
const anyRecord: fc.Arbitrary<SenmlRecord> = fc.record(
  {
    bn: fc.constantFrom('a/', 'b/', 'a', '/', ''),
    bt: fc.oneof(fc.double(), fc.constantFrom(1_790_000_000, 1_790_000_000.5)),
    n: fc.constantFrom('boot', 'seq', 'spd', '/boot', '/seq', ''),
    t: fc.double(),
    value: fc.oneof(fc.constantFrom<string | number>(1, 7, '1'), anyValue),
  },
  { requiredKeys: ['value'] },
);

/** What a decoder makes of bytes: the report, or the code of its refusal. */
function outcome(decode: (bytes: Uint8Array) => Report, bytes: Uint8Array): Report | string {
  try {
    return decode(bytes);
  } catch (error) {
    return codeOf(error);
  }
}

function alike(bytes: Uint8Array): void {
  assert.deepEqual(outcome(decodeReport, bytes), outcome(decodeAnyReport, bytes), Buffer.from(bytes).toString('hex'));
}

describe('the plain form of a report', () => {
  it('is read for some names as it is for all, others left out', () => {
    fc.assert(
      fc.property(anyReport, fc.uniqueArray(anyName, { maxLength: 5 }), (report, names) => {
        const bytes = encodeReport(report);
        const wanted = new Set([...names, ...report.samples.slice(0, 2).map(({ name }) => name)]);
        const whole = decodeReport(bytes);
        const part = decodeReportPart(bytes, wanted);
        const kept = ({ samples }: Report) => samples.filter(({ name }) => wanted.has(name));
        assert.deepEqual({ ...part, samples: kept(part) }, { ...whole, samples: kept(whole) });
        if (readPlainPack(bytes) !== undefined) assert.deepEqual(part.samples, kept(part));
      }),
    );
  });

  it('is that of every report that an agent sends', () => {
    fc.assert(
      fc.property(anyReport, report => {
        const samples = report.samples.filter(({ name, value }) => /^[!-~]*$/.test(`${name}${value}`));
        const found = readPlainPack(encodeReport({ ...report, samples }));
        assert.equal(found?.samples.length, samples.length);
      }),
    );
  });

  it('reads like SenML of any form', () => {
    fc.assert(fc.property(anyReport, report => alike(encodeReport(report).subarray(0, 1_024))));
    fc.assert(fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 6 }), pack => alike(encodeSenml(pack))));
  });

  it('leaves a record with two values to SenML, whose number goes before its text', () => {
    const head = Buffer.from(encodeReport({ vehicle: 'a', boot: 1, seq: 1, timeMs: NOW_MS, samples: [] }));
    head[0] = 0x83;
    // {0: "spd", 2: 1, 3: "x"}
    const bytes = Buffer.concat([head, Buffer.from('a300637370640201036178', 'hex')]);
    assert.equal(decodeReport(bytes).samples[0]?.value, 1);
    alike(bytes);
  });

  it('reads like SenML of any form where bytes are changed, cut or added', () => {
    const change = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(
        anyReport,
        fc.array(change, { maxLength: 3 }),
        fc.integer({ min: -4, max: 2 }),
        (report, list, grow) => {
          const bytes = Buffer.from(encodeReport(report).subarray(0, 1_000));
          for (const { at, to } of list) bytes[at % bytes.length] = to;
          alike(grow > 0 ? Buffer.concat([bytes, Buffer.alloc(grow)]) : bytes.subarray(0, bytes.length + grow));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
