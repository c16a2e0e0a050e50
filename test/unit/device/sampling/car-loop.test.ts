import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { openElmAdapter } from '../../../../device/obd/elm-source.js';
import { CarLoop } from '../../../../device/sampling/car-loop.js';
import type { CarLoopOptions } from '../../../../device/sampling/car-loop-options.js';
import type { Reading } from '../../../../device/sampling/reading.js';
import { parseRates } from '../../../../device/sampling/scheduler.js';
import { fault } from '../../../../protocol/errors.js';
import { METRICS, type MetricName } from '../../../../protocol/metrics.js';
import type { Clone } from '../../../../lab/car/clone.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { DRIVING, LAB_VIN, labAdapter, type LabAdapter } from '../../../fakes/lab-adapter.js';

const PARKED = { ...DRIVING, speedKmh: 0, engineRpm: 0, voltage: 12.4, running: false };
const HOUR_MS = 3_600_000;

/** A loop over the lab's adapter and car, of which the test says what they do. */
function scene(more: Partial<CarLoopOptions> = {}, clone: Clone = {}) {
  const clock = fakeClock();
  const car = { values: DRIVING, isAsleep: false, isPluggedIn: true };
  const readings: Reading[] = [];
  const links: LabAdapter[] = [];
  const openedAtMs: number[] = [];
  const asked = { whileAsleep: 0 };
  const replugs: number[] = [];
  const loop = new CarLoop({
    open: async signal => {
      openedAtMs.push(clock.monotonicMs());
      if (!car.isPluggedIn) throw fault('OBD_LINK', 'not plugged in');
      const link = labAdapter({
        clock,
        clone,
        car: {
          vin: LAB_VIN,
          values: () => car.values,
          asleep: () => {
            if (car.isAsleep) asked.whileAsleep++;
            return car.isAsleep;
          },
        },
      });
      links.push(link);
      return openElmAdapter(link, { timers: clock, timeoutMs: 1_000, searchTimeoutMs: 12_000, runningV: 13.1 }, signal);
    },
    periods: { fast: 200, medium: 1_000, slow: 20_000 },
    power: { runningV: 13.1, parkAfterMs: 10_000, probeMs: 300_000 },
    onReading: reading => void readings.push(reading),
    replug: () => {
      replugs.push(clock.monotonicMs());
      return Promise.resolve(true);
    },
    clock,
    timers: clock,
    random: () => 0.5,
    log: silentLog,
    metrics: new Metrics<MetricName>(METRICS),
    ...more,
  });
  const stop = new AbortController();
  const running = loop.run(stop.signal).catch((error: unknown) => error);
  return {
    clock,
    car,
    loop,
    readings,
    links,
    openedAtMs,
    asked,
    replugs,
    link: () => links.at(-1)!,
    /** Requests that went out on the bus, over all links. */
    requests: () => links.reduce((sum, link) => sum + link.requests.length, 0),
    named: (name: string) => readings.filter(reading => reading.name === name),
    /** Time passes until it holds, in steps that see every timer. */
    async until(holds: () => boolean, limitMs = 10 * 60_000) {
      for (let ms = 0; !holds(); ms += 100) {
        assert.ok(ms < limitMs, `nothing came of it in ${limitMs} ms`);
        await clock.advance(100);
      }
    },
    async end() {
      const reason = new Error('over');
      stop.abort(reason);
      assert.equal(await running, reason);
    },
  };
}

describe('car loop', function () {
  this.timeout(60_000);

  it('reads at the beat of the tiers, with the time of the answer', async () => {
    const it = scene();
    await it.until(() => it.loop.state === 'polling');
    const fromMs = it.clock.monotonicMs();
    await it.clock.advance(10_000);
    const speeds = it.named('spd').filter(({ monoMs }) => monoMs > fromMs);
    assert.ok(speeds.length >= 45 && speeds.length <= 55, `${speeds.length}`);
    assert.ok(speeds.every(({ value }) => value === 54));
    assert.ok(it.named('vbat').some(({ value }) => value === 14.1));
    const { turnAroundMs, signals } = it.loop.achieved!;
    assert.ok(Math.abs(signals.get('spd')!.hz - 5) < 0.5 && turnAroundMs! >= 20);
    await it.end();
  });

  it('tells trouble codes, calibration and unit, and the VIN only where it is wanted', async () => {
    const it = scene({ texts: ['dtc', 'dtcp', 'cal', 'ecun'] });
    await it.until(() => it.named('ecun').length > 0);
    assert.equal(it.named('dtc')[0]?.value, 'none');
    assert.equal(it.named('cal')[0]?.value, 'EDGETWIN-CAL-01');
    assert.equal(it.named('vin').length, 0);
    await it.end();
  });

  it('sleeps between two questions: it never turns without a reason', async () => {
    let timers = 0;
    const it = scene({ texts: ['dtc', 'cal'] });
    const after = it.clock.after.bind(it.clock);
    await it.until(() => it.named('cal').length > 0);
    await it.clock.advance(5_000);
    const before = it.link().commands.length;
    it.clock.after = (ms, fn) => {
      timers++;
      return after(ms, fn);
    };
    await it.clock.advance(10_000);
    const asked = it.link().commands.length - before;
    // Of a question: its time-out, its answer, and the wait for the next.
    assert.ok(timers <= 4 * asked + 20, `${timers} timers for ${asked} questions`);
    await it.end();
  });

  it('takes other rates while it runs', async () => {
    const it = scene();
    await it.until(() => it.named('spd').length > 5);
    it.loop.setPlan({ rates: parseRates('spd=off,ect=fast'), periods: { fast: 200, medium: 1_000, slow: 20_000 } });
    const fromMs = it.clock.monotonicMs() + 500;
    await it.clock.advance(10_000);
    assert.equal(it.named('spd').filter(({ monoMs }) => monoMs > fromMs).length, 0);
    assert.ok(it.named('ect').filter(({ monoMs }) => monoMs > fromMs).length > 40);
    await it.end();
  });

  it('leaves a car alone whose engine stands and whose voltage has fallen, all night, and reads it when it drives again', async () => {
    const it = scene();
    await it.until(() => it.named('spd').length > 5);
    it.car.values = PARKED;
    await it.until(() => it.loop.state === 'parked', 20_000);
    assert.ok(it.link().commands.includes('ATPC'));
    assert.equal(it.loop.source, undefined, 'nobody else may ask it either');
    it.car.isAsleep = true;
    const before = it.requests();
    await it.clock.advance(2 * HOUR_MS);
    assert.equal(it.requests(), before);
    it.car.isAsleep = false;
    it.car.values = DRIVING;
    const fromMs = it.clock.monotonicMs();
    const readBefore = it.readings.length;
    await it.until(() => it.named('spd').some(({ monoMs }) => monoMs > fromMs), 3_000);
    assert.ok(it.readings.length > readBefore);
    assert.equal(it.links.length, 1);
    await it.end();
  });

  it('does not take ignition without engine for a drive: the voltage rises, the engine stands, it stays parked', async () => {
    const it = scene();
    await it.until(() => it.named('spd').length > 5);
    it.car.values = PARKED;
    await it.until(() => it.loop.state === 'parked', 20_000);
    const before = it.requests();
    it.car.values = { ...PARKED, voltage: 12.95 };
    await it.clock.advance(HOUR_MS);
    assert.equal(it.loop.state, 'parked');
    assert.ok(it.requests() - before <= 30, `${it.requests() - before} requests in an hour`);
    await it.end();
  });

  it('asks a car once that sleeps when the agent starts, and reads it when it is started', async () => {
    const it = scene();
    it.car.isAsleep = true;
    it.car.values = PARKED;
    await it.clock.advance(HOUR_MS);
    assert.equal(it.loop.state, 'parked');
    assert.ok(it.asked.whileAsleep <= 1, `${it.asked.whileAsleep} times`);
    it.car.isAsleep = false;
    it.car.values = DRIVING;
    await it.until(() => it.named('spd').length > 0, 15_000);
    assert.equal(it.links.length, 1);
    await it.end();
  });

  it('asks a silent car at most every five minutes where the adapter has no voltage', async () => {
    const it = scene({}, { refuses: ['ATRV'] });
    await it.until(() => it.named('spd').length > 5);
    it.car.isAsleep = true;
    await it.clock.advance(60_000);
    assert.equal(it.loop.state, 'parked');
    const before = it.asked.whileAsleep;
    await it.clock.advance(6 * HOUR_MS);
    assert.ok(it.asked.whileAsleep - before <= 6 * 12 + 10, `${it.asked.whileAsleep - before}`);
    it.car.isAsleep = false;
    await it.until(() => it.loop.state === 'polling', 301_000);
    await it.end();
  });

  it('goes on without a restart after the adapter was pulled, however long it was away', async () => {
    const it = scene();
    await it.until(() => it.named('spd').length > 5);
    for (const awayMs of [2_000, HOUR_MS]) {
      it.car.isPluggedIn = false;
      it.link().pull();
      await it.clock.advance(awayMs);
      assert.equal(it.loop.state, 'away');
      it.car.isPluggedIn = true;
      const fromMs = it.clock.monotonicMs();
      await it.until(() => it.named('spd').some(({ monoMs }) => monoMs > fromMs), 70_000);
    }
    assert.ok(it.openedAtMs.length < 80, `${it.openedAtMs.length} openings in an hour`);
    assert.ok(it.replugs.length >= 1 && it.replugs.length < 12, `${it.replugs.length}`);
    await it.end();
  });

  it('opens an adapter at once when it is there again', async () => {
    let back = (): void => undefined;
    const it = scene({ untilBack: () => new Promise(resolve => (back = resolve)) });
    it.car.isPluggedIn = false;
    await it.clock.advance(100);
    assert.equal(it.openedAtMs.length, 1);
    it.car.isPluggedIn = true;
    back();
    await it.until(() => it.loop.state === 'polling', 10_000);
    await it.end();
  });

  it('ends the session, sets the adapter up, and opens the link, in this order, where no answer can be read', async () => {
    const it = scene({}, { losesDigits: true });
    await it.clock.advance(30_000);
    const [first] = it.links;
    const mends = first!.commands.filter(text => text === 'ATPC' || text === 'ATZ');
    assert.deepEqual(mends, ['ATZ', 'ATPC', 'ATPC', 'ATZ', 'ATZ']);
    assert.equal(first!.isOpen, false);
    assert.ok(it.links.length >= 2);
    await it.end();
  });

  it('sets the adapter up anew where it has lost its settings, on the same link', async () => {
    const it = scene();
    await it.until(() => it.named('spd').length > 5);
    it.link().write('ATZ\r');
    await it.clock.advance(5_000);
    const fromMs = it.clock.monotonicMs();
    await it.until(() => it.named('spd').some(({ monoMs }) => monoMs > fromMs), 20_000);
    assert.equal(it.links.length, 1);
    await it.end();
  });
});
