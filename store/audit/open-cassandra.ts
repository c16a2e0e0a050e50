import { randomUUID } from 'node:crypto';
import { systemClock, systemTimers } from '../../common/clock.js';
import { aborted, type Resources } from '../../common/lifecycle.js';
import { openLog } from '../../common/log.js';
import { fault } from '../../protocol/errors.js';
import { cassandraSource, type DomainHistory } from '../cassandra/audit-source.js';
import { CassandraControlStore } from '../cassandra/control/control-store.js';
import { openSession, type CassandraSession } from '../cassandra/session.js';
import { CassandraTwinStore } from '../cassandra/twin-store.js';
import { cassandraSettings } from '../settings.js';
import type { AuditConfig } from './config.js';
import type { AuditedStores } from './history-source.js';

/** Where the cluster is entered, and the control store read, if nothing is said. */
const HOME = 'core';
const AWAY_AFTER_MS = 15_000;

/**
 * The history as each domain's own nodes have it, and the control store. STORE_AWAY where a domain does not answer: what only
 * it has would seem to be lost. CONFIG_INVALID where settings do not go together.
 */
export async function openCassandraStores(
  config: AuditConfig,
  resources: Resources,
  signal: AbortSignal,
): Promise<AuditedStores> {
  const log = openLog('audit', 'silent');
  const sessions = new Map<string, CassandraSession>();
  const sessionOf = async (domain: string): Promise<CassandraSession> => {
    const known = sessions.get(domain);
    if (known !== undefined) return known;
    signal.throwIfAborted();
    const settings = cassandraSettings({ ...config, 'cassandra.datacentre': undefined }, domain);
    const deps = { clock: systemClock, timers: systemTimers, random: Math.random, log };
    const session = resources.use(await openSession(settings, deps));
    await Promise.race([session.settled(AWAY_AFTER_MS), aborted(signal)]);
    signal.throwIfAborted();
    const { state } = session;
    if (state.at === 'connecting' || state.at === 'away')
      throw fault('STORE_AWAY', `datacentre ${domain}: ${state.reason ?? 'no answer'}`);
    sessions.set(domain, session);
    return session;
  };

  const points = config['cassandra.contactPoints'];
  const named = points.find(({ datacentre = HOME }) => datacentre === HOME) ?? points[0];
  const home = config['cassandra.datacentre'] ?? named?.datacentre ?? HOME;
  const session = await sessionOf(home);
  const keyspace = `${config['cassandra.keyspace']}_twin`;
  const replicas = session.replication('twin');
  if (replicas === undefined) throw fault('STORE_FAILED', `there is no keyspace ${keyspace}`);
  const domains = config.domains.length > 0 ? config.domains : Object.keys(replicas).sort();
  const histories = new Map<string, DomainHistory>();
  for (const domain of domains) {
    if (replicas[domain] === undefined)
      throw fault(
        'CONFIG_INVALID',
        `domains: ${keyspace} has no replica in ${domain}, only in ${Object.keys(replicas).join(', ')}`,
      );
    const own = await sessionOf(domain);
    const store = new CassandraTwinStore({ domain, session: own, clock: systemClock, ack: 'local' });
    histories.set(domain, { session: own, store });
  }
  const control = new CassandraControlStore({ session, timers: systemTimers, random: Math.random, newId: randomUUID });
  return { source: cassandraSource(`Cassandra ${keyspace}`, histories), control };
}
