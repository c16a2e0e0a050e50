import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AWAKE, isProbeDue, stepPower, type Power, type PowerEvent } from '../../../../device/sampling/power.js';

const RULES = { runningV: 13.1, parkAfterMs: 10_000, probeMs: 300_000 };
const DRIVING: PowerEvent = { type: 'answer', rpm: 2_000, speedKmh: 50 };
const STANDING: PowerEvent = { type: 'answer', rpm: 0, speedKmh: 0 };
const SILENCE: PowerEvent = { type: 'silence' };
const volts = (value?: number): PowerEvent => ({ type: 'voltage', ...(value === undefined ? {} : { volts: value }) });

/** The same events again and again, a second apart. */
function spend(power: Power, seconds: number, events: readonly PowerEvent[], fromMs = 0): Power {
  let next = power;
  for (let second = 0; second < seconds; second++)
    for (const event of events) next = stepPower(next, event, fromMs + 1000 * second, RULES);
  return next;
}

describe('whether a car may be asked', () => {
  for (const [what, seconds, events, at] of [
    ['it drives', 60, [DRIVING, volts(14.1)], 'awake'],
    ['its engine stands and the battery is charged: a hybrid, or stop and start', 60, [STANDING, volts(14.1)], 'awake'],
    ['its engine stands and the voltage has fallen, for a moment', 8, [STANDING, volts(12.5)], 'awake'],
    ['its engine stands and the voltage has fallen', 12, [STANDING, volts(12.5)], 'parked'],
    ['it keeps silent and the voltage has fallen', 12, [SILENCE, volts(12.5)], 'parked'],
    ['it keeps silent and something charges the battery', 60, [SILENCE, volts(14.1)], 'awake'],
    ['it keeps silent behind an adapter without voltage', 12, [SILENCE, volts()], 'parked'],
    ['its engine stands, behind an adapter without voltage, for a while', 30, [STANDING, volts()], 'awake'],
    ['its engine stands, behind an adapter without voltage, for long', 70, [STANDING, volts()], 'parked'],
    ['it rolls with its engine off', 60, [{ type: 'answer', rpm: 0, speedKmh: 30 }, volts(12.5)], 'awake'],
  ] as const)
    it(`is ${at} when ${what}`, () => assert.equal(spend(AWAKE, seconds, events).at, at));

  it('begins to count anew when the engine turned in between', () => {
    const almost = spend(AWAKE, 9, [STANDING, volts(12.5)]);
    const turned = stepPower(almost, DRIVING, 9_000, RULES);
    assert.equal(spend(turned, 9, [STANDING, volts(12.5)], 10_000).at, 'awake');
  });

  const parked = spend(AWAKE, 12, [SILENCE, volts(12.4)]);

  it('is not asked while its voltage stays where it was, for a month', () => {
    let power = parked;
    for (let minute = 0; minute < 43_200; minute++) {
      const nowMs = 12_000 + 60_000 * minute;
      power = stepPower(power, volts(12.4 - minute / 43_200 + (minute % 3) / 20), nowMs, RULES);
      assert.equal(isProbeDue(power, nowMs), false, `minute ${minute}`);
    }
  });

  for (const [what, value] of [
    ['the voltage of a running engine', 13.9],
    ['a rise after cranking, on an adapter that shows too little', 12.95],
  ] as const)
    it(`is asked at ${what}, and awake once its engine turns`, () => {
      const seen = stepPower(parked, volts(value), 20_000, RULES);
      assert.ok(isProbeDue(seen, 20_000));
      assert.equal(stepPower(seen, DRIVING, 20_100, RULES).at, 'awake');
      assert.equal(stepPower(seen, STANDING, 20_100, RULES).at, 'parked');
    });

  it('is asked less and less often where a charger holds the voltage up', () => {
    let power = parked;
    let probes = 0;
    for (let second = 0; second < 86_400; second++) {
      const nowMs = 20_000 + 1000 * second;
      power = stepPower(power, volts(13.6), nowMs, RULES);
      if (!isProbeDue(power, nowMs)) continue;
      probes++;
      power = stepPower(power, SILENCE, nowMs, RULES);
    }
    assert.ok(probes <= 86_400 / 300 + 10, `${probes} times a day`);
  });

  it('is awake again whatever happened before, once it drives and says so', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom(DRIVING, STANDING, SILENCE, volts()),
            fc.double({ min: 8, max: 15, noNaN: true }).map(volts),
          ),
          {
            maxLength: 60,
          },
        ),
        events => {
          let power: Power = AWAKE;
          events.forEach((event, at) => (power = stepPower(power, event, 1000 * at, RULES)));
          power = stepPower(power, volts(14.2), 100_000_000, RULES);
          assert.ok(power.at === 'awake' || isProbeDue(power, 100_000_000));
          assert.equal(stepPower(power, DRIVING, 100_000_001, RULES).at, 'awake');
        },
      ),
    ));
});
