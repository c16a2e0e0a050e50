import { delay } from '../../common/clock.js';
import { quantilesOf } from '../../common/quantiles.js';
import { freePort } from '../../lab/network/free-port.js';
import { System } from '../../lab/demo/system.js';
import { signalRead, vehicleSummaryList } from '../../protocol/api/analytics.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import { countRow, cpuMeter, type BenchRow } from '../harness.js';

const CARS = 4;
/** An ELM327 on a car's bus takes this long for an answer; what is left of a read is ours. */
const TURN_AROUND_MS = 20;
const READ = 'Vehicle.OBD.EngineSpeed?maxAge=0&timeout=5000&explain=1';
const NAME = `read, car, a whole edgetwin of ${CARS}`;

/**
 * Reads that only the car can answer, in a whole edgetwin: analytics, the twin at its host, the switch, the device agent, the
 * (simulated) ELM327, and back. One reader a car, so that nothing is shared; what another level answered is counted, and not timed.
 */
export async function benchWholeSystem(runMs: number, signal: AbortSignal): Promise<BenchRow[]> {
  await using system = await System.open(
    { drive: 'drive-06', cars: CARS, speed: 1, turnAroundMs: TURN_AROUND_MS, httpPort: await freePort() },
    signal,
  );
  await using client = new HttpClient(system.urls.analytics, { connections: CARS });
  const read = (vehicle: string) =>
    client.call('GET', `/v1/vehicles/${vehicle}/signals/${READ}`, { answer: signalRead, timeoutMs: 10_000 });
  const vehicles = await carsThatAnswer(client, read, signal);
  const took: number[] = [];
  let others = 0;
  const cpu = cpuMeter();
  const begun = performance.now();
  const reader = async (vehicle: string): Promise<void> => {
    while (performance.now() - begun < runMs) {
      signal.throwIfAborted();
      const asked = performance.now();
      const { level } = await read(vehicle);
      if (level === 'device') took.push(performance.now() - asked);
      else others++;
    }
  };
  await Promise.all(vehicles.map(reader));
  const perSecond = took.length / ((performance.now() - begun) / 1_000);
  const cpuIdle = cpu.idle();
  return [
    { case: NAME, metric: 'reads', unit: '1/s', ...quantilesOf([perSecond]), cpuIdle },
    { case: NAME, metric: 'time', unit: 'ms', ...quantilesOf(took), cpuIdle },
    countRow(NAME, 'answered by another level', others, cpuIdle),
  ];
}

const ASK_EVERY_MS = 500;

/** All cars, once each of them has answered such a read itself. */
async function carsThatAnswer(
  client: HttpClient,
  read: (vehicle: string) => Promise<{ readonly level: string }>,
  signal: AbortSignal,
): Promise<string[]> {
  const ready = new Set<string>();
  while (ready.size < CARS) {
    const { vehicles } = await client.call('GET', '/v1/vehicles', { answer: vehicleSummaryList });
    for (const { vehicle } of vehicles) {
      // A car that is not there yet is an ordinary state of the first seconds.
      const level = await read(vehicle).then(
        answer => answer.level,
        () => undefined,
      );
      if (level === 'device') ready.add(vehicle);
    }
    await delay(ASK_EVERY_MS, signal);
  }
  return [...ready];
}
