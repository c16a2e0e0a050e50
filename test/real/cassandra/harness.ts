import type { Cluster } from '../../../lab/cassandra/lab-cluster.js';
import { planOfCluster } from '../../../lab/demo/store-words.js';
import type { SystemOptions } from '../../../lab/demo/system.js';
import { openGate, type Gate } from '../../../lab/proxy/gate.js';
import { Journey, openHostsGate } from '../../journeys/harness.js';
import type { Gates } from '../../journeys/kill-in-phase.js';
import { emptyKeyspaces } from './empty-keyspaces.js';
import { freshPrefix, sharedCluster } from './shared-cluster.js';

/** A system of real processes on the shared cluster, in keyspaces of its own. */
export interface Stage extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly journey: Journey;
  readonly gates: Gates;
  /** No node of the domain reaches one of another domain, and md-manager reaches no host of it (of `core`: no other's). */
  cutOff(domain: string): Promise<void>;
  rejoin(domain: string): Promise<void>;
  /** Nobody is cut off any more. */
  heal(): Promise<void>;
}

const FOLLOW_MS = 250;
/** Of all stages of a process: to make keyspaces takes longer than most journeys. */
const PREFIX = freshPrefix();
let stages = 0;

/** The keyspaces of the stage before, emptied, and a fleet that they have never heard of. */
export async function nextStage(): Promise<Pick<SystemOptions, 'cassandra' | 'fleet'>> {
  const cluster = await sharedCluster();
  if (stages++ > 0) await emptyKeyspaces(cluster, PREFIX);
  // TRUNCATE leaves the state of Paxos: what was decided for a vehicle of an earlier stage may be written once more.
  return { cassandra: planOfCluster(cluster, PREFIX), fleet: `car-${stages}` };
}

export async function openStage(options: Partial<SystemOptions> = {}): Promise<Stage> {
  const cluster = await sharedCluster();
  const gates = new Map<'hosts' | 'sdn' | 'manager', Gate>();
  const journey = await Journey.open({
    ...(await nextStage()),
    via: async (_block, urls) => {
      gates.set('hosts', await openHostsGate());
      gates
        .set('sdn', await openGate({ upstream: urls.sdn }))
        .set('manager', await openGate({ upstream: urls.manager }));
      return { hosts: gates.get('hosts')!.url, sdn: gates.get('sdn')!.url, manager: gates.get('manager')!.url };
    },
    ...options,
  });
  const domainOf = new Map<string, string>();
  const away = new Set<string>();
  let following: NodeJS.Timeout | undefined;
  /** Which hosts there are changes while they are cut off: each is known by its origin. */
  const follow = async (): Promise<void> => {
    for (const { domain, hosts } of await journey.pools().catch(() => []))
      for (const { host } of hosts) domainOf.set(host.control, domain);
  };
  const apply = async (): Promise<void> => {
    await follow();
    gates.get('hosts')!.cut(origin => {
      const domain = domainOf.get(origin);
      return domain !== undefined && (away.has(domain) || (away.has('core') && domain !== 'core'));
    });
    clearInterval(following);
    following = away.size === 0 ? undefined : setInterval(() => void follow(), FOLLOW_MS);
  };
  const rejoin = async (domain: string): Promise<void> => {
    away.delete(domain);
    await Promise.all([cluster.rejoin(domain), apply()]);
  };
  const heal = async (): Promise<void> => {
    for (const domain of [...away]) await rejoin(domain);
  };
  return {
    cluster,
    journey,
    gates,
    async cutOff(domain) {
      away.add(domain);
      await Promise.all([cluster.cutOff(domain), apply()]);
    },
    rejoin,
    heal,
    async [Symbol.asyncDispose]() {
      await heal();
      await journey[Symbol.asyncDispose]();
      for (const gate of gates.values()) await gate[Symbol.asyncDispose]();
    },
  };
}

/** Waits until the store of every domain has the same number of reports, as after healing. */
export async function storesAgree({ journey }: Stage): Promise<void> {
  await journey.until(
    'the stores agree',
    async () => new Set((await journey.system.storedPerDomain()).values()).size === 1,
  );
}
