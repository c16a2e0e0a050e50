import { silentLog } from '../common/log.js';
import { Metrics } from '../common/metrics.js';
import type { AgentDeps } from '../device/agent-deps.js';
import { runAgent } from '../device/agent.js';
import { deviceConfig } from '../device/config.js';
import type { GpsSource } from '../device/gps/gps-source.js';
import { parseGpsdLine } from '../device/gps/tpv.js';
import type { Link } from '../device/obd/types.js';
import { ecuAnswer, type EcuCar } from '../lab/car/ecu.js';
import { waitMs } from '../lab/car/elm-timing.js';
import { POWER_ON } from '../lab/car/elm-state.js';
import { echoOf, runLine } from '../lab/car/elm327.js';
import { labVin } from '../lab/car/vin.js';
import type { Drive } from '../lab/drive/drive.js';
import { EngineModel } from '../lab/drive/engine-model.js';
import { tpvObject } from '../lab/gps/gpsd-protocol.js';
import type { HttpClient } from '../protocol/api/http-client.js';
import { openCoapEndpoint } from '../protocol/coap/endpoint.js';
import { METRICS, type MetricName } from '../protocol/metrics.js';
import { fakeClock, type FakeClock } from '../test/fakes/fake-clock.js';
import { seededRandom } from '../lab/seeded-random.js';
import { simulatedLink } from '../test/fakes/simulated-link.js';
import { tearingDisk } from '../test/fakes/tearing-disk.js';

export interface DrivenReport {
  /** The SenML pack. */
  readonly bytes: Uint8Array;
  /** The CoAP message that carried it, UDP and IP headers not counted. */
  readonly datagramBytes: number;
}

const TWIN = { address: '127.64.0.1', port: 5683 };
const DEVICE = { address: '127.112.0.1', port: 5683 };
/** Of a Wi-Fi adapter on CAN. */
const TURN_AROUND_MS = 20;
const FIX_INTERVAL_MS = 1_000;
const STEP_MS = 10_000;

/**
 * Every report of a drive, as the whole agent makes them from an ELM327 and a gpsd that know the drive: on a clock of its
 * own, so that it takes no time and comes out the same each time.
 */
export async function reportsOf(
  drive: Drive,
  intervalMs: number,
  more: readonly string[] = [],
): Promise<DrivenReport[]> {
  const clock = fakeClock();
  const random = seededRandom(1);
  const engine = new EngineModel(drive);
  const startMs = clock.monotonicMs();
  const driveMs = (): number => clock.monotonicMs() - startMs;
  const link = simulatedLink(clock, random);
  const payloads: Uint8Array[] = [];
  await using twin = openCoapEndpoint({
    port: link.port(TWIN),
    handler: request => {
      payloads.push(Uint8Array.from(request.payload ?? []));
      return { code: '2.04' };
    },
    clock,
    timers: clock,
    random,
  });
  const registered = { vehicle: 'car-1', number: 1, twin: twin.local, nextBoot: 1 };
  const deps: AgentDeps = {
    clock,
    timers: clock,
    random,
    newKey: () => '0'.repeat(32),
    log: silentLog,
    metrics: new Metrics<MetricName>(METRICS),
    disk: tearingDisk(random),
    manager: { call: (() => Promise.resolve(registered)) as unknown as HttpClient['call'] },
    openEndpoint: (_bind, handler) =>
      Promise.resolve(openCoapEndpoint({ port: link.port(DEVICE), handler, clock, timers: clock, random })),
    openObdLink: () => Promise.resolve(adapterOf({ vin: labVin(0), values: () => engine.at(driveMs()) }, clock)),
    gps: receiverOf(() => JSON.stringify(tpvObject(drive.at(driveMs()), new Date(clock.nowMs()).toISOString())), clock),
    isSystemClockSynchronised: () => Promise.resolve(true),
  };
  const config = deviceConfig({
    argv: [
      ...['--vehicle', 'car-1', '--state', 'memory', '--manager-url', 'http://127.0.0.1:7001'],
      ...['--clock-system', 'trusted', '--report-interval-ms', String(intervalMs)],
      ...more,
    ],
    env: {},
  });
  const stop = new AbortController();
  const running = runAgent(config, deps, stop.signal);
  for (let atMs = 0; atMs < drive.durationMs; atMs += STEP_MS)
    await clock.advance(Math.min(STEP_MS, drive.durationMs - atMs));
  stop.abort(new Error('the drive is over'));
  await running;
  const sizes = link.sent.filter(({ from, bytes }) => from.address === DEVICE.address && bytes.length > 4);
  return payloads.map((bytes, at) => ({ bytes, datagramBytes: sizes[at]?.bytes.length ?? 0 }));
}

/** The lab's adapter without its socket. */
function adapterOf(car: EcuCar, clock: FakeClock): Link {
  let state = POWER_ON;
  let listener: (chunk: Uint8Array) => void = () => undefined;
  const say = (text: string): void => listener(Buffer.from(text, 'latin1'));
  return {
    onData: next => void (listener = next),
    closed: new Promise(() => undefined),
    write: text => {
      const line = text.replace(/\r$/, '');
      const before = state;
      const reply = runLine(before, line, {
        voltage: car.values().voltage,
        request: bytes => ecuAnswer(bytes, car),
      });
      state = reply.state;
      say(echoOf(before, line) + reply.before);
      clock.after(waitMs(reply.wait, before, TURN_AROUND_MS), () => say(reply.text));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A gpsd without its socket: a line of TPV each second. */
function receiverOf(line: () => string, clock: FakeClock): GpsSource {
  return {
    follow: ({ onTpv }, signal) =>
      new Promise((_resolve, reject) => {
        const tell = (): void => {
          if (signal.aborted) return;
          const found = parseGpsdLine(line());
          if (found.class === 'TPV') onTpv(found.tpv, clock.monotonicMs());
          clock.after(FIX_INTERVAL_MS, tell);
        };
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        clock.after(FIX_INTERVAL_MS, tell);
      }),
  };
}
