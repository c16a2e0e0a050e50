import { seededRandom } from '../../lab/seeded-random.js';
import { Journey } from './harness.js';

const NO_FAULTS = { lossUp: 0, lossDown: 0, duplicate: 0, reorder: 0, delayMs: 0, jitterMs: 0, seed: 1 };
const PARTS = ['md-manager', 'md-manager-2', 'sdn-app', 'switch', 'radio', 'cars', 'replicator', 'analytics'] as const;

type Act = (journey: Journey, random: () => number) => Promise<string>;

const pick = <T>(list: readonly T[], random: () => number): T => list[Math.floor(random() * list.length)]!;

/** What may happen to a system that drives; each says what it did. */
const ACTS: readonly { readonly weight: number; readonly act: Act }[] = [
  { weight: 8, act: moveSomebody },
  { weight: 2, act: killPart },
  { weight: 2, act: killHost },
  { weight: 1, act: killAgent },
  { weight: 1, act: cutRadio },
  { weight: 1, act: spoilFrames },
  { weight: 1, act: cutReplication },
];

async function moveSomebody(journey: Journey, random: () => number): Promise<string> {
  const index = Math.floor(random() * journey.system.vehicles.length);
  const point = pick([...journey.accessPoints('edge-1'), ...journey.accessPoints('edge-2')], random);
  await journey.move(index, point);
  return `car ${index} moves to ${point}`;
}

async function killPart(journey: Journey, random: () => number): Promise<string> {
  const part = pick(PARTS, random);
  const restarted = journey.system.supervisor.restarted(part);
  journey.system.supervisor.kill(part, 'SIGKILL');
  await restarted;
  return `kill -9 ${part}`;
}

async function killHost(journey: Journey, random: () => number): Promise<string> {
  const hosts = (await journey.pools()).flatMap(pool => pool.hosts);
  if (hosts.length === 0) return 'no host to kill';
  const { host, pid } = pick(hosts, random);
  process.kill(pid, 'SIGKILL');
  return `kill -9 of the host ${host.host}`;
}

async function killAgent(journey: Journey, random: () => number): Promise<string> {
  const part = `device-${pick(journey.system.vehicles, random).vehicle}`;
  const restarted = journey.system.supervisor.restarted(part);
  journey.system.supervisor.kill(part, 'SIGKILL');
  await restarted;
  return `kill -9 ${part}`;
}

async function cutRadio(journey: Journey, random: () => number): Promise<string> {
  const index = Math.floor(random() * journey.system.vehicles.length);
  await journey.move(index, null);
  await journey.until('reports queue up', async () => ((await journey.watch.agents())[index]?.queue ?? 0) >= 4);
  await journey.move(index, pick(journey.accessPoints(random() < 0.5 ? 'edge-1' : 'edge-2'), random));
  return `radio outage of car ${index}`;
}

async function spoilFrames(journey: Journey, random: () => number): Promise<string> {
  const seed = 1 + Math.floor(random() * 1_000);
  const faults = { lossUp: 0.2, lossDown: 0.2, duplicate: 0.2, reorder: 0.2, delayMs: 1, jitterMs: 4, seed };
  await journey.radio.call('PUT', '/v1/faults', { body: faults });
  await moveSomebody(journey, random);
  await journey.acknowledges(0);
  await journey.radio.call('PUT', '/v1/faults', { body: NO_FAULTS });
  return `bad frames with seed ${seed}`;
}

async function cutReplication(journey: Journey, random: () => number): Promise<string> {
  await journey.system.cutReplication(true);
  await moveSomebody(journey, random);
  await journey.acknowledges(0);
  await journey.system.cutReplication(false);
  return 'replication cut and healed';
}

/**
 * Drives a system through `steps` random faults and holds it against every guarantee. The same seed gives the same acts;
 * what the processes make of them is theirs. Returns what happened, for whoever looks into a failure.
 */
export async function chaos(seed: number, steps: number, cars: number): Promise<readonly string[]> {
  const random = seededRandom(seed);
  const weights = ACTS.flatMap(({ weight, act }) => Array.from({ length: weight }, () => act));
  const happened: string[] = [];
  await using journey = await Journey.open({ cars, managers: 2 });
  try {
    for (let step = 0; step < steps; step++) {
      happened.push(await retried(() => pick(weights, random)(journey, random)));
      await journey.acknowledges(Math.floor(random() * cars), 1);
    }
    await journey.endsClean();
  } catch (error) {
    throw new Error(`seed ${seed}, after: ${happened.join('; ')}`, { cause: error });
  }
  return happened;
}

/** A part that was just killed may be asked while it comes back: the act is tried once more. */
async function retried(act: () => Promise<string>): Promise<string> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return act();
  }
}
