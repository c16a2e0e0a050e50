import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ecuAnswer } from '../../../../lab/car/ecu.js';
import { POWER_ON, type ElmState } from '../../../../lab/car/elm-state.js';
import { waitMs } from '../../../../lab/car/elm-timing.js';
import { echoOf, runLine, stopped, type ElmBus, type ElmReply } from '../../../../lab/car/elm327.js';
import { labVin, vinCheckDigit } from '../../../../lab/car/vin.js';
import type { CarValues } from '../../../../lab/drive/engine-model.js';

const VALUES: CarValues = {
  running: true,
  voltage: 14.1,
  speedKmh: 52.4,
  engineRpm: 1_726,
  throttlePct: 20,
  airFlowGs: 10.5,
  intakePressureKpa: 41,
  intakeC: 30,
  coolantC: 83,
  loadPct: 40,
  barometricKpa: 98,
  ambientC: 22,
  warmUps: 42,
  distanceKm: 1_207.6,
  runTimeS: 300,
  lambda: 1,
  fuelType: 1,
  fuelLevelPct: 63,
};
const busWith = (values: CarValues): ElmBus => ({
  voltage: values.voltage,
  request: bytes => ecuAnswer(bytes, { vin: '1D4GP00R55B123456', values: () => values }),
});
const BUS = busWith(VALUES);

/** Runs lines one after another; gives the last reply. */
function say(lines: readonly string[], bus = BUS, from: ElmState = POWER_ON): ElmReply {
  let state = from;
  let reply: ElmReply | undefined;
  for (const line of lines) {
    reply = runLine(state, line, bus);
    state = reply.state;
  }
  assert.ok(reply);
  return reply;
}
const QUIET = ['ATE0', 'ATL0', 'ATS0', 'ATSP6'];
const asked = (line: string, setup: readonly string[] = QUIET, bus = BUS): string => say([...setup, line], bus).text;
const HEADERS = [...QUIET, 'ATH1'];

describe('the ELM327', () => {
  for (const [line, text] of [
    ['ATZ', '\r\rELM327 v2.2\r\r>'],
    ['ATI', 'ELM327 v2.2\r\r>'],
    ['AT@1', 'OBDII to RS232 Interpreter\r\r>'],
    ['at rv', '14.1V\r\r>'],
    ['ATDPN', '6\r\r>'],
    ['ATDP', 'ISO 15765-4 (CAN 11/500)\r\r>'],
    ['ATAT1', 'OK\r\r>'],
    ['ATST19', 'OK\r\r>'],
    ['ATPC', 'OK\r\r>'],
    ['ATBOGUS', '?\r\r>'],
    ['STI', '?\r\r>'],
    ['01', 'NO DATA\r\r>'],
    ['0', '?\r\r>'],
    ['hello', '?\r\r>'],
    ['010C', '410C1AF8\r\r>'],
    ['01 0c', '410C1AF8\r\r>'],
    ['010C1', '410C1AF8\r\r>'],
    ['010D', '410D34\r\r>'],
    ['0105', '41057B\r\r>'],
    ['0110', '4110041A\r\r>'],
    ['0131', '413104B8\r\r>'],
    ['0151', '415101\r\r>'],
    ['015E', 'NO DATA\r\r>'],
    ['03', '4300\r\r>'],
    ['07', '4700\r\r>'],
    ['0900', '490054400000\r\r>'],
    ['0902', '014\r0:490201314434\r1:47503030523535\r2:42313233343536\r\r>'],
    ['010C0D050B0F1011', '?\r\r>'],
  ] as const)
    it(`answers ${line}`, () => assert.equal(asked(line), text));

  for (const [line, text] of [
    ['010C', '7E804410C1AF8000000\r\r>'],
    ['010C0D05', '7E81008410C1AF80D34\r7E821057B0000000000\r\r>'],
    ['010C0D051', '7E81008410C1AF80D34\r\r>'],
    ['010C0D052', '7E81008410C1AF80D34\r7E821057B0000000000\r\r>'],
    ['0902', '7E81014490201314434\r7E82147503030523535\r7E82242313233343536\r\r>'],
    ['04', '7E8037F042200000000\r\r>'],
    ['1003', '7E8037F101100000000\r\r>'],
  ] as const)
    it(`answers ${line} with headers as CAN frames`, () => assert.equal(asked(line, HEADERS), text));

  it('puts a space after every byte and a line feed after every line when told so', () =>
    assert.equal(asked('0105', ['ATL1', 'ATS1', 'ATH1', 'ATSP6']), '7E8 03 41 05 7B 00 00 00 00 \r\n\r\n>'));

  it('has support bitmaps that name exactly what it answers', () => {
    let base = 0;
    const supported = new Set<number>();
    for (;;) {
      const found = /^41..([0-9A-F]{8})\r/.exec(asked(`01${base.toString(16).padStart(2, '0')}`));
      assert.ok(found?.[1]);
      const bits = BigInt(`0x${found[1]}`);
      for (let bit = 0; bit < 32; bit++) if ((bits >> BigInt(31 - bit)) & 1n) supported.add(base + 1 + bit);
      if ((bits & 1n) === 0n) break;
      base += 0x20;
    }
    for (let pid = 1; pid <= 0xff; pid++)
      assert.equal(asked(`01${pid.toString(16).padStart(2, '0')}`).startsWith('41'), supported.has(pid), `PID ${pid}`);
    for (const pid of [0x04, 0x05, 0x0b, 0x0c, 0x0d, 0x10, 0x11, 0x30, 0x31, 0x51]) assert.ok(supported.has(pid));
  });

  it('answers six PIDs at once', () => assert.match(asked('010C0D050B0F10'), /^00F\r0:410C1AF80D34\r/));

  it('leaves out of a request for several what it has no value of', () => {
    const { airFlowGs: _, ...without } = VALUES;
    assert.equal(asked('010C100D', QUIET, busWith(without)), '410C1AF80D34\r\r>');
    assert.equal(asked('0110', QUIET, busWith(without)), 'NO DATA\r\r>');
  });

  it('is silent while the recording is, but still says what it supports', () => {
    const silent = busWith({ running: false, voltage: 12.6 });
    assert.equal(asked('010C', QUIET, silent), 'NO DATA\r\r>');
    assert.match(asked('0100', QUIET, silent), /^4100/);
  });

  it('searches at the first request after ATSP0, and not again', () => {
    const first = say(['ATE0', 'ATS0', 'ATL0', 'ATSP0', '0100']);
    assert.equal(first.before, 'SEARCHING...\r');
    const second = runLine(first.state, '0100', BUS);
    assert.equal(second.before, '');
    assert.equal(runLine(second.state, 'ATDPN', BUS).text, 'A6\r\r>');
    assert.equal(runLine(second.state, 'ATDP', BUS).text, 'AUTO, ISO 15765-4 (CAN 11/500)\r\r>');
  });

  it('cannot connect by a protocol that the car does not speak', () =>
    assert.equal(asked('0100', ['ATE0', 'ATL0', 'ATSP3']), 'UNABLE TO CONNECT\r\r>'));

  it('hears nobody at another address', () => {
    assert.equal(asked('010C', [...QUIET, 'ATSH7E1']), 'NO DATA\r\r>');
    assert.equal(asked('010C', [...QUIET, 'ATSH7E0']), '410C1AF8\r\r>');
    assert.equal(asked('010C', [...QUIET, 'ATCRA7E9']), 'NO DATA\r\r>');
    assert.equal(asked('010C', [...QUIET, 'ATCRA7E9', 'ATCRA']), '410C1AF8\r\r>');
  });

  it('takes and shows PCI bytes with formatting off', () =>
    assert.equal(asked('02010C', [...QUIET, 'ATCAF0']), '04410C1AF8000000\r\r>'));

  it('repeats the last command at an empty line', () => assert.equal(asked('', [...QUIET, '010D']), '410D34\r\r>'));

  it('echoes while echo is on, whatever the command then does', () => {
    assert.equal(echoOf(POWER_ON, 'ATE0'), 'ATE0\r');
    assert.equal(echoOf(say(['ATE0']).state, '010C'), '');
  });

  it('counts a request that could change the car, and no other', () => {
    for (const line of ['04', '08', '1101', '14FFFFFF', '2EF19001', '3101FF00'])
      assert.equal(say([line]).forbidden, true, line);
    for (const line of ['010C', '03', '07', '0902', 'ATZ', '']) assert.equal(say([line]).forbidden, false, line);
  });

  it('keeps a chosen protocol over a restart, and forgets all else', () => {
    const { state } = say(['ATE0', 'ATH1', 'ATSP6', 'ATZ']);
    assert.deepEqual(state, { ...POWER_ON, protocol: { at: 'set', number: 6 } });
  });

  it('takes its time only where the bus is asked, less when it knows how many answers come', () => {
    const time = (line: string): number => {
      const reply = say([...QUIET, line]);
      return waitMs(reply.wait, reply.state, 20);
    };
    assert.deepEqual(['ATRV', '010C1', '010C', '015E'].map(time), [0, 20, 40, 200]);
    assert.equal(waitMs(say(['010C']).wait, POWER_ON, 0), 0);
  });

  it('ends with the prompt and never throws, whatever lines it is given', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string({ unit: 'binary' }),
            fc.stringMatching(/^[0-9A-F]{0,20}$/),
            fc.stringMatching(/^AT[A-Z0-9]{0,6}$/),
            fc.string({ maxLength: 600 }),
          ),
          { maxLength: 12 },
        ),
        lines => {
          let state = POWER_ON;
          for (const line of lines) {
            const reply = runLine(state, line, BUS);
            assert.ok(reply.text.endsWith('\r>') || reply.text.endsWith('\r\n>'));
            assert.equal(reply.text.split('>').length, 2);
            assert.ok(stopped(reply.state).endsWith('>'));
            assert.ok(waitMs(reply.wait, reply.state, 20) >= 0);
            ({ state } = reply);
          }
        },
      ),
    ));
});

describe('labVin', () => {
  it('has the check digit of the examples in 49 CFR 565', () => {
    assert.equal(vinCheckDigit('1M8GDM9AXKP042788'), 'X');
    assert.equal(vinCheckDigit('11111111111111111'), '1');
  });
  it('is well formed and different for every car', () => {
    const vins = Array.from({ length: 512 }, (_, car) => labVin(car));
    assert.equal(new Set(vins).size, 512);
    for (const vin of vins) {
      assert.match(vin, /^[A-HJ-NPR-Z0-9]{13}[0-9]{4}$/);
      assert.equal(vinCheckDigit(vin), vin[8]);
    }
  });
});
