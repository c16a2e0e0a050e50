import assert from 'node:assert/strict';
import fc from 'fast-check';
import { openElmSource } from '../../../../device/obd/elm-source.js';
import { Elm327 } from '../../../../device/obd/elm327.js';
import { ADAPTER_FAULTS, adapterFaultKind } from '../../../../device/obd/adapter-text.js';
import {
  ADAPTER_COMMANDS,
  adapterCommand,
  mayBeSent,
  readRequest,
  READ_SERVICES,
} from '../../../../device/obd/services.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { scriptedElm327 } from '../../../fakes/scripted-elm327.js';

const never = new AbortController().signal;
const SETUP = {
  ATZ: '\r\rELM327 v1.5',
  ATE0: 'ATE0\rOK',
  ATL0: 'OK',
  ATS0: 'OK',
  ATH1: 'OK',
  'AT RV': '12.4V',
  ATSP0: 'OK',
  '0100': 'SEARCHING...\r7E8064100181A8001',
  ATDPN: 'A6',
  '0120': '7E8064120000000\x0001',
  '0140': '7E8064140000000' + '00',
};
const options = (clock = fakeClock()) => ({ timers: clock, timeoutMs: 1_000, searchTimeoutMs: 5_000 });

describe('ELM327', () => {
  it('sets the adapter up in the documented order and walks the bitmaps', async () => {
    const link = scriptedElm327(SETUP);
    const source = await openElmSource(link, options(), never);
    assert.deepEqual(link.commands, [
      'ATZ',
      'ATE0',
      'ATL0',
      'ATS0',
      'ATH1',
      'STI',
      'AT RV',
      'ATSP0',
      '0100',
      'ATDPN',
      '0120',
      '0140',
    ]);
    for (const pid of [0x04, 0x05, 0x0c, 0x0d, 0x0f, 0x11]) assert.ok(source.supported.has(pid), `PID ${pid}`);
    assert.equal(source.batchMax, 6);
  });

  it('knows an STN adapter by its own commands, and measures by its finer one', async () => {
    const stn = { ATZ: 'ELM327 v1.4b', STI: 'STN1130 v4.3.2', STDI: 'OBDLink SX r4.2', STVR: '12.35' };
    const { facts } = await openElmSource(scriptedElm327({ ...SETUP, ...stn }), options(), never);
    assert.deepEqual([facts.stn, facts.isClone, facts.voltage], ['OBDLink SX r4.2, STN1130 v4.3.2', false, 12.35]);
  });

  it('reads several PIDs in one request, over several frames', async () => {
    const link = scriptedElm327({ ...SETUP, '010C0D05112': '7E8100A410C1AF80D36\r7E821057B1133000000' });
    const source = await openElmSource(link, options(), never);
    assert.deepEqual(
      [...(await source.read([0x0c, 0x0d, 0x05, 0x11], never))],
      [
        ['rpm', 1726],
        ['spd', 0x36],
        ['ect', 83],
        ['thr', 20],
      ],
    );
  });

  it('asks for one PID at a time once the car refuses several', async () => {
    const link = scriptedElm327({
      ...SETUP,
      '010C0D1': '7E8037F0112',
      '010C1': '7E804410C1AF8',
      '010D1': '7E803410D36',
    });
    const source = await openElmSource(link, options(), never);
    assert.deepEqual(
      [...(await source.read([0x0c, 0x0d], never))],
      [
        ['rpm', 1726],
        ['spd', 54],
      ],
    );
    assert.equal(source.batchMax, 1);
  });

  it('drains a late answer before the next command, and never takes it for the new one', async () => {
    const clock = fakeClock();
    const link = scriptedElm327({ '010C': undefined, '010D': '7E803410D36' });
    const adapter = new Elm327(link, options(clock));
    const late = assert.rejects(adapter.command(readRequest(1, [0x0c]), never), { code: 'OBD_TIMEOUT' });
    await clock.advance(1_000);
    await late;
    const next = adapter.command(readRequest(1, [0x0d]), never);
    await clock.advance(100);
    assert.deepEqual(link.commands, ['010C']);
    link.say('7E804410C1AF8\r\r>');
    assert.deepEqual(await next, ['7E803410D36']);
  });

  for (const text of ADAPTER_FAULTS)
    it(`names ${text} as a fault of the adapter`, () =>
      assert.rejects(new Elm327(scriptedElm327({ '010C': text }), options()).command(readRequest(1, [0x0c]), never), {
        code: 'OBD_ADAPTER',
        detail: `${text.replace('<', '')} after 010C`,
      }));

  it('names its own banner in place of an answer: it has lost its settings', () =>
    assert.rejects(
      new Elm327(scriptedElm327({ '010C': 'ELM327 v1.5' }), options()).command(readRequest(1, [0x0c]), never),
      (error: unknown) => adapterFaultKind(error) === 'restarted',
    ));

  it('takes a prompt that comes alone for the late one of the answer before', async () => {
    const link = scriptedElm327({ '010C': undefined, '010D': '>\r7E803410D36' });
    const adapter = new Elm327(link, options());
    const first = adapter.command(readRequest(1, [0x0c]), never);
    await Promise.resolve();
    link.say('7E804410C1AF8\r\r>\r>');
    assert.deepEqual(await first, ['7E804410C1AF8']);
    assert.deepEqual(await adapter.command(readRequest(1, [0x0d]), never), ['7E803410D36']);
  });

  it('goes on where the late answer came and its prompt was lost, and gives up where nothing came', async () => {
    const clock = fakeClock();
    const link = scriptedElm327({ ATI: 'ELM327 v1.4', '010C': undefined, '010D': '7E803410D36' });
    const adapter = new Elm327(link, options(clock));
    await adapter.command(adapterCommand('ATI'), never);
    for (const late of ['7E804410C1AF8\r', undefined]) {
      const first = assert.rejects(adapter.command(readRequest(1, [0x0c]), never), { code: 'OBD_TIMEOUT' });
      await clock.advance(1_000);
      await first;
      if (late !== undefined) link.say(late);
      const next = adapter.command(readRequest(1, [0x0d]), never);
      const outcome = next.catch((error: unknown) => (error as { code: string }).code);
      await clock.advance(2_500);
      if (late === undefined) assert.equal(await outcome, 'OBD_LINK');
      else assert.deepEqual(await outcome, ['7E803410D36']);
    }
  });

  it('never throws anything but a named fault, whatever bytes come', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 12 }), async chunks => {
        const clock = fakeClock();
        const link = scriptedElm327({ '010C': undefined });
        const adapter = new Elm327(link, options(clock));
        const answer = adapter.command(readRequest(1, [0x0c]), never).catch((error: unknown) => {
          assert.match((error as { code: string }).code, /^OBD_/);
        });
        await Promise.resolve();
        for (const chunk of chunks) link.say(Buffer.from(chunk).toString('latin1'));
        await clock.advance(1_000);
        await answer;
      }),
      { numRuns: 300 },
    ));
});

describe('what can be sent to a car', () => {
  it('is of services 01, 02, 03, 07 and 09 alone', () => assert.deepEqual([...READ_SERVICES], [1, 2, 3, 7, 9]));

  for (let service = 0; service < 256; service++)
    if (![1, 2, 3, 7, 9].includes(service))
      it(`is never service ${service}`, () => {
        assert.throws(() => readRequest(service), { code: 'OBD_FORBIDDEN' });
        const text = service.toString(16).toUpperCase().padStart(2, '0');
        for (const more of ['', '00', '0C1', '\r0100']) assert.equal(mayBeSent(`${text}${more}`), false);
      });

  it('is stopped at the wire, too, whatever its type was made to say', async () => {
    for (const text of [
      '04',
      '08',
      '0404',
      '10 03',
      '3E00',
      'ATE0\r04',
      '0100\r04',
      'ATMA',
      'ATSH7E0',
      'atz',
      '',
      '\r',
      'STPX',
    ]) {
      const link = scriptedElm327({});
      const adapter = new Elm327(link, options());
      await assert.rejects(adapter.command(text as never, never), { code: 'OBD_FORBIDDEN' }, text);
      assert.deepEqual(link.commands, []);
    }
  });

  it('is a command of the list, or a request of a service that reads, and nothing else', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 20 }),
          fc.string({ unit: fc.constantFrom(...'0123456789ABCDEF\rATSP '), maxLength: 16 }),
        ),
        text => {
          if (!mayBeSent(text)) return;
          const isCommand = (ADAPTER_COMMANDS as readonly string[]).includes(text);
          assert.ok(isCommand || /^0[12379][0-9A-F]*$/.test(text), JSON.stringify(text));
        },
      ),
      { numRuns: 5_000 },
    ));

  it('has at most six PIDs', () =>
    assert.throws(() => readRequest(1, [1, 2, 3, 4, 5, 6, 7]), { code: 'OBD_FORBIDDEN' }));
});
