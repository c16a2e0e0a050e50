import assert from 'node:assert/strict';
import { openElmSource } from '../../../../device/obd/elm-source.js';
import { Elm327 } from '../../../../device/obd/elm327.js';
import { readRequest } from '../../../../device/obd/services.js';
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

  it('reads several PIDs in one request, over several frames', async () => {
    const link = scriptedElm327({ ...SETUP, '010C0D0511': '7E8100A410C1AF80D36\r7E821057B1133000000' });
    const source = await openElmSource(link, options(), never);
    assert.deepEqual(
      [...(await source.read([0x0c, 0x0d, 0x05, 0x11], never))],
      [
        [0x0c, 1726],
        [0x0d, 0x36],
        [0x05, 83],
        [0x11, 20],
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
        [0x0c, 1726],
        [0x0d, 54],
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

  for (const text of ['NO DATA', 'UNABLE TO CONNECT', 'CAN ERROR', 'BUFFER FULL', 'STOPPED', '?', 'LV RESET'])
    it(`names ${text} as a fault of the adapter`, () =>
      assert.rejects(new Elm327(scriptedElm327({ '010C': text }), options()).command(readRequest(1, [0x0c]), never), {
        code: 'OBD_ADAPTER',
        detail: `${text} after 010C`,
      }));

  for (let service = 0; service < 256; service++)
    if (![1, 2, 3, 7, 9].includes(service))
      it(`never sends service ${service}`, () => assert.throws(() => readRequest(service), { code: 'OBD_FORBIDDEN' }));
});
