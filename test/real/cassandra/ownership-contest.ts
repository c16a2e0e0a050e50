import { systemClock, systemTimers } from '../../../common/clock.js';
import { Resources } from '../../../common/lifecycle.js';
import type { Cluster } from '../../../lab/cassandra/lab-cluster.js';
import { runContest, type Contest } from '../../../lab/linearizability/contest.js';
import { LossySession, type LossyOptions } from '../../../lab/linearizability/lossy-session.js';
import { doFaults, type NodeFault } from '../../../lab/linearizability/node-faults.js';
import { CassandraControlStore } from '../../../store/cassandra/control/control-store.js';
import type { OwnerRow } from '../../../store/types.js';
import { eventually, until } from '../../fakes/eventually.js';
import type { ControlKeyspace } from './control-keyspace.js';
import { onceThere } from './once-there.js';

export interface OwnershipContest {
  readonly contest: Contest;
  /** The owners at the end, as each domain reads them once all faults are over. */
  readonly owners: readonly (readonly OwnerRow[])[];
}

export interface OwnershipContestOptions {
  readonly cluster: Cluster;
  readonly keyspace: ControlKeyspace;
  readonly vehicles: readonly string[];
  readonly clientsPerDomain: number;
  /** Each list one after the other; several lists at the same time, as when two of three domains are away. */
  readonly faults: readonly (readonly NodeFault[])[];
  readonly random: () => number;
}

/** Of all requests; with them outcomes are unknown while all nodes are well, too. */
const SHARE: LossyOptions['share'] = { request: 0.02, answer: 0.02, late: 0.01 };
const LATE_MS = 3_000;

const first = (vehicle: string): OwnerRow => ({
  ...{ vehicle, epoch: 0, handover: 'registration', attempt: 0 },
  ...{ host: 'core/1', domain: 'core', claimedAtMs: 0 },
});

/** Clients of every domain claim the same vehicles over their own domain's node while the faults happen, and a little longer. */
export async function contestOwnership(options: OwnershipContestOptions): Promise<OwnershipContest> {
  const { cluster, keyspace, vehicles, clientsPerDomain, faults, random } = options;
  await using open = new Resources();
  const clients: { domain: string; store: CassandraControlStore }[] = [];
  for (const domain of cluster.datacentres)
    for (let i = 0; i < clientsPerDomain; i++) {
      const session = new LossySession(await keyspace.session(domain), { share: SHARE, lateMs: LATE_MS, random });
      const newId = (): string => `${domain}-${i}-${random()}`;
      const store = open.use(new CassandraControlStore({ session, timers: systemTimers, random, newId }));
      clients.push({ domain, store });
    }
  const readers = await Promise.all(cluster.datacentres.map(async domain => open.use(await keyspace.store(domain))));
  const firsts = vehicles.map(first);
  for (const row of firsts)
    await eventually(
      `${row.vehicle} has its first owner`,
      async () => (await readers[0]?.insertOwner(row)) === 'applied',
    );
  const end = new AbortController();
  const running = runContest({ clients, owners: firsts, clock: systemClock, random, signal: end.signal });
  // All of them, whatever becomes of one: what comes after finds a cluster that is well.
  const done = await Promise.allSettled(faults.map(list => doFaults(cluster, list)));
  end.abort();
  const contest = await running;
  for (const one of done) if (one.status === 'rejected') throw one.reason;
  await cluster.settled();
  // What was late is there before the owners are read for the last time.
  for (const { store } of clients) await store[Symbol.asyncDispose]();
  // These readers lost their nodes, too, and look for them again only now and then.
  const ownerOf = (store: CassandraControlStore, vehicle: string): Promise<OwnerRow> =>
    until(() => onceThere(() => store.owner(vehicle)), `the owner of ${vehicle} is read`);
  const owners = await Promise.all(readers.map(store => Promise.all(vehicles.map(vehicle => ownerOf(store, vehicle)))));
  return { contest, owners };
}
