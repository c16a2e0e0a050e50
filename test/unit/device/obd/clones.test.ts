import assert from 'node:assert/strict';
import { openElmSource } from '../../../../device/obd/elm-source.js';
import type { Clone } from '../../../../lab/car/clone.js';
import type { ElmBus } from '../../../../lab/car/elm327.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { ecuAnswer } from '../../../../lab/car/ecu.js';
import { DRIVING, LAB_VIN, labAdapter, settled, type LabAdapterOptions } from '../../../fakes/lab-adapter.js';

const never = new AbortController().signal;
const PIDS = [0x0c, 0x0d, 0x05, 0x0b, 0x11, 0x2f];
const VALUES = { rpm: 1800, spd: 54, ect: 88, map: 50, thr: 20, flvl: 60 };

async function opened(more: Omit<LabAdapterOptions, 'clock'> = {}, protocol: 'auto' | '6' = 'auto') {
  const clock = fakeClock();
  const link = labAdapter({ clock, ...more });
  const options = { timers: clock, timeoutMs: 1_000, searchTimeoutMs: 12_000, protocol, runningV: 13.1 };
  const source = await settled(openElmSource(link, options, never), clock);
  return { clock, link, source };
}

async function readsAll(more: Omit<LabAdapterOptions, 'clock'>) {
  const it = await opened(more);
  for (let round = 0; round < 3; round++) {
    const values = await settled(it.source.read(PIDS, never), it.clock);
    for (const [wire, value] of Object.entries(VALUES))
      assert.ok(Math.abs((values.get(wire) ?? NaN) - value) < 0.5, `${wire} is ${values.get(wire)}, not ${value}`);
  }
  return it;
}

const CLONES: readonly (readonly [string, Clone])[] = [
  ['is an original', {}],
  ['puts NULs and bytes that are not ASCII between its words', { isNoisy: true }],
  ['leaves its prompt out', { isPromptless: true }],
  ['keeps its echo on', { ignores: ['ATE0'] }],
  ['keeps its spaces on', { ignores: ['ATS0'] }],
  ['keeps its line feeds on', { ignores: ['ATL0'] }],
  ['does not know any format command', { refuses: ['ATE0', 'ATL0', 'ATS0', 'ATH1', 'ATH0'] }],
  ['has no headers', { refuses: ['ATH1'] }],
  ['says OK to headers and sends none', { ignores: ['ATH1'], refuses: [] }],
  ['cannot tell its protocol', { refuses: ['ATDPN'] }],
  ['takes no count of answers', { hasNoCounts: true }],
  ['runs two lines into one', { joinsLines: true }],
  ['breaks its lines in two', { breaksLinesAt: 11 }],
  ['has no voltage', { refuses: ['AT RV', 'ATRV'] }],
  [
    'does it all',
    { isNoisy: true, isPromptless: true, ignores: ['ATE0', 'ATS0', 'ATL0'], hasNoCounts: true, refuses: ['ATDPN'] },
  ],
];

describe('a car behind a clone that', () => {
  for (const [what, clone] of CLONES) it(`${what} is read all the same`, () => readsAll({ clone }));

  for (const chunkBytes of [1, 3, 7])
    it(`sends ${chunkBytes} bytes at a time is read all the same`, () => readsAll({ chunkBytes }));

  it('cannot search is asked by one protocol after the other while the engine runs, and not at all while it stands', async () => {
    const clone = { cannotSearch: true };
    const { link, source } = await readsAll({ clone, bus: { protocol: 9 } });
    assert.deepEqual(
      link.commands.filter(text => text.startsWith('ATTP')),
      ['ATTP6', 'ATTP8', 'ATTP7', 'ATTP9'],
    );
    assert.equal(source.facts.bus?.kind, 'can29');
    const parked = { values: () => ({ ...DRIVING, voltage: 12.3 }) };
    await assert.rejects(opened({ clone, bus: { protocol: 9 }, car: parked }), { code: 'OBD_ADAPTER' });
  });

  it('takes no count is asked without one from then on', async () => {
    const { source, link } = await readsAll({ clone: { hasNoCounts: true } });
    assert.equal(source.facts.takesCounts, false);
    assert.equal(link.commands.filter(text => /^01.*\d$/.test(text) && text.length % 2 === 1).length, 1);
  });

  it('is told from an original by its release, or by what it does not know', async () => {
    for (const [clone, isClone] of [
      [{}, false],
      [{ banner: 'ELM327 v1.5' }, true],
      [{ banner: 'ELM327 v2.1', refuses: ['ATL0'] }, true],
    ] as const)
      assert.equal((await opened({ clone })).source.facts.isClone, isClone, JSON.stringify(clone));
  });
});

const BUSES: readonly (readonly [number, string])[] = [
  [1, 'SAE J1850 PWM'],
  [2, 'SAE J1850 VPW'],
  [3, 'ISO 9141-2'],
  [4, 'ISO 14230-4 KWP, 5 baud'],
  [5, 'ISO 14230-4 KWP, fast'],
  [6, 'ISO 15765-4 CAN, 11 bit, 500 kbit/s'],
  [7, 'ISO 15765-4 CAN, 29 bit, 500 kbit/s'],
  [8, 'ISO 15765-4 CAN, 11 bit, 250 kbit/s'],
  [9, 'ISO 15765-4 CAN, 29 bit, 250 kbit/s'],
];

describe('a car on', () => {
  for (const [protocol, name] of BUSES) {
    const bus: Pick<ElmBus, 'protocol'> = { protocol };
    it(`${name} is read, several PIDs at once on CAN alone`, async () => {
      const { source, link } = await readsAll({ bus });
      assert.equal(source.facts.bus?.name, name);
      assert.equal(source.batchMax, protocol >= 6 ? 6 : 1);
      const longest = Math.max(...link.requests.map(text => text.length));
      assert.ok(protocol >= 6 ? longest >= 14 : longest <= 5, `${longest}`);
    });

    for (const clone of [{}, { refuses: ['ATH1'] }])
      it(`${name} tells VIN, calibration and trouble codes ${clone.refuses ? 'without' : 'with'} headers`, async () => {
        const car = { troubleCodes: [0x0171, 0x0420, 0x8123, 0xc155] };
        const { source, clock } = await opened({ bus, clone, car });
        const texts = await settled(source.readTexts(['vin', 'cal', 'cvn', 'ecun', 'dtc', 'dtcp'], never), clock);
        assert.deepEqual(Object.fromEntries(texts), {
          vin: LAB_VIN,
          cal: 'EDGETWIN-CAL-01',
          cvn: '1A2B3C4D',
          ecun: 'ECM-EngineControl',
          dtc: 'P0171 P0420 B0123 U0155',
          dtcp: 'P0171 P0420 B0123 U0155',
        });
      });
  }

  it('a protocol that was set is asked on that one alone', async () => {
    const { link } = await opened({}, '6');
    assert.ok(link.commands.includes('ATTP6'));
    assert.ok(!link.commands.includes('ATSP0'));
  });

  it('which several control units answer is read from the engine, and the count of answers is theirs', async () => {
    const others = (bytes: readonly number[]): (readonly number[])[] => {
      if (bytes.length === 2 && bytes[1] === 0) return [[0x41, 0, 0x00, 0x18, 0x00, 0x00]];
      if (bytes.slice(1).includes(0x0d)) return [[0x41, 0x0d, 55]];
      return [];
    };
    const { source, link } = await readsAll({ bus: { others } });
    assert.deepEqual(source.facts.ecus, ['7E8', '7E9']);
    assert.ok(!link.requests.some(text => /^01(0C0D|0D).*[12]$/.test(text) && text.length > 7));
  });
});

describe('a car that', () => {
  const several = (bytes: readonly number[]): boolean => bytes.length > 2 && bytes[0] === 1;
  type Answer = ReturnType<typeof ecuAnswer>;

  /** The lab's car with an answer of its own where `change` has one. */
  async function answering(change: (bytes: readonly number[], usual: Answer) => readonly number[] | undefined) {
    const clock = fakeClock();
    const car = { vin: LAB_VIN, values: () => DRIVING };
    const link = labAdapter({
      clock,
      answer: bytes => {
        const usual = ecuAnswer(bytes, car);
        return { ...usual, message: change(bytes, usual) };
      },
    });
    const options = { timers: clock, timeoutMs: 1_000, searchTimeoutMs: 12_000 };
    const source = await settled(openElmSource(link, options, never), clock);
    const read = () => settled(source.read(PIDS, never), clock);
    return { source, link, read };
  }
  const asSeveral = (link: { requests: readonly string[] }): number =>
    link.requests.filter(text => text.length > 5).length;

  for (const [what, change] of [
    ['refuses several PIDs', (bytes, { message }) => (several(bytes) ? [0x7f, 0x01, 0x12] : message)],
    ['keeps silent at several PIDs', (bytes, { message }) => (several(bytes) ? undefined : message)],
    [
      'answers the first of several PIDs alone',
      (bytes, { message }) => (several(bytes) ? message?.slice(0, 4) : message),
    ],
    [
      'answers several PIDs with what cannot be taken apart',
      (bytes, { message }) => (several(bytes) ? message?.slice(0, -1) : message),
    ],
  ] as const satisfies readonly (readonly [string, Parameters<typeof answering>[0]])[])
    it(`${what} is asked for one at a time before long, and told all its values`, async () => {
      const { source, link, read } = await answering(change);
      for (let round = 0; round < 4; round++) assert.equal((await read()).size, PIDS.length, `round ${round}`);
      assert.equal(source.batchMax, 1);
      assert.ok(asSeveral(link) <= 3, `${asSeveral(link)}`);
    });

  it('answers one PID wrongly is read in all others, several at once', async () => {
    const { source, read } = await answering((bytes, { message }) =>
      bytes.includes(0x2f) ? [0x61, ...(message ?? []).slice(1)] : message,
    );
    for (let round = 0; round < 4; round++) assert.equal((await read()).size, PIDS.length - 1, `round ${round}`);
    assert.equal(source.batchMax, 6);
  });

  it('keeps silent at several PIDs because of one of them is read in the others, several at once', async () => {
    const { source, read } = await answering((bytes, { message }) => (bytes.includes(0x0c) ? undefined : message));
    await read().catch(() => undefined);
    for (let round = 0; round < 4; round++) assert.equal((await read()).size, PIDS.length - 1, `round ${round}`);
    assert.equal(source.batchMax, 6);
  });

  it('has no value of one PID now and then is still asked for several', async () => {
    let round = 0;
    const { source, read } = await answering((bytes, { message }) =>
      several(bytes) && round % 2 === 1 && bytes.at(-1) === 0x2f ? message?.slice(0, -2) : message,
    );
    for (; round < 12; round++) await read();
    assert.equal(source.batchMax, 6);
  });
});
