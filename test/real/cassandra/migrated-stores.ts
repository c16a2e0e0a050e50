import { randomUUID } from 'node:crypto';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import { CassandraControlStore } from '../../../store/cassandra/control/control-store.js';
import { openSession } from '../../../store/cassandra/session.js';
import type { CassandraTwinStore } from '../../../store/cassandra/twin-store.js';
import { DATACENTRES, freshPrefix, sharedCluster } from './shared-cluster.js';
import { openTwinKeyspace, type TwinKeyspace } from './twin-keyspace.js';

export type Domain = (typeof DATACENTRES)[number];

/** Both keyspaces on the shared cluster as `edgetwin store migrate` makes them, one for all suites that empty it before use. */
export interface MigratedStores extends Pick<TwinKeyspace, 'prefix' | 'store' | 'register' | 'empty'> {
  /** host:port of the node of each domain. */
  readonly points: Readonly<Record<Domain, string>>;
  /** The twin store of a domain, by its own node; closed with the process’s last suite. */
  twin(domain: Domain): Promise<CassandraTwinStore>;
  /** Likewise. */
  control(): Promise<CassandraControlStore>;
}

let opening: Promise<MigratedStores> | undefined;
const opened: AsyncDisposable[] = [];

export function migratedStores(): Promise<MigratedStores> {
  opening ??= open();
  return opening;
}

async function open(): Promise<MigratedStores> {
  const cluster = await sharedCluster();
  const keyspace = await openTwinKeyspace(cluster, freshPrefix());
  opened.push(keyspace);
  const { prefix, store, register, empty } = keyspace;
  const points = Object.fromEntries(
    DATACENTRES.map(domain => [domain, cluster.node(domain).contactPoint]),
  ) as MigratedStores['points'];
  const twins = new Map<Domain, Promise<CassandraTwinStore>>();
  const keep = <T extends AsyncDisposable>(one: T): T => {
    opened.push(one);
    return one;
  };
  return {
    ...{ prefix, store, register, empty, points },
    twin(domain) {
      const known = twins.get(domain) ?? store(domain).then(keep);
      twins.set(domain, known);
      return known;
    },
    async control() {
      const session = await openSession(
        { contactPoints: [points.core], datacentre: 'core', keyspace: prefix },
        { clock: systemClock, timers: systemTimers, random: Math.random, log: silentLog },
      );
      return keep(new CassandraControlStore({ session, timers: systemTimers, random: Math.random, newId: randomUUID }));
    },
  };
}

after('the migrated stores', async () => {
  for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
});
