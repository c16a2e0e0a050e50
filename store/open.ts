import { randomUUID } from 'node:crypto';
import type { Clock, Timers } from '../common/clock.js';
import type { Log } from '../common/log.js';
import type { Metrics } from '../common/metrics.js';
import type { MetricName } from '../protocol/metrics.js';
import type { CassandraSettings } from './cassandra/driver.js';
import type { Ack } from './cassandra/history-table.js';
import type { ReplicationLag } from './cassandra/lag-tracker.js';
import type { CassandraSession, SessionState } from './cassandra/session.js';
import type { ControlStore, TwinStore } from './types.js';

export type TwinStoreSettings =
  | {
      readonly kind: 'lmdb';
      readonly domain: string;
      readonly path: string;
      /** Whether writes are told to the replicator; absent: they are. */
      readonly journal?: boolean;
    }
  | {
      readonly kind: 'cassandra';
      readonly domain: string;
      readonly cassandra: CassandraSettings;
      /** Absent: `local`. */
      readonly ack?: Ack;
    };

export type ControlStoreSettings =
  | { readonly kind: 'lmdb'; readonly path: string }
  | { readonly kind: 'cassandra'; readonly cassandra: CassandraSettings };

export interface StoreDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics?: Metrics<MetricName>;
  /** Called with each change of a store that is reached over the network. */
  readonly onState?: (state: SessionState) => void;
  /**
   * Called about once a second with how far the domain is behind others, where a cluster replicates between them. Absent:
   * it is not measured, and this process writes no marker.
   */
  readonly onLags?: (lags: readonly ReplicationLag[]) => void;
}

/**
 * Opens the twin store of a domain. The adapter is loaded with its first use: a part never loads the one that it does not
 * have. With Cassandra this resolves though the cluster is away.
 */
export async function openTwinStore(settings: TwinStoreSettings, deps: StoreDeps): Promise<TwinStore> {
  const { clock, metrics } = deps;
  const { domain } = settings;
  const onCommit = ({ durationMs }: { readonly durationMs: number }): void =>
    metrics?.observe('store_commit_seconds', durationMs / 1000);
  if (settings.kind === 'lmdb') {
    const { openLmdbTwinStore } = await import('./lmdb/twin-store.js');
    const { path, journal = true } = settings;
    const store = await openLmdbTwinStore({ path, domain, journal, clock, onCommit });
    metrics?.set('store_up', 1);
    return store;
  }
  const { CassandraTwinStore } = await import('./cassandra/twin-store.js');
  const session = await openSession(settings.cassandra, deps);
  const markers = deps.onLags === undefined ? undefined : await openMarkers(session, domain, deps, deps.onLags);
  return new CassandraTwinStore({
    ...{ domain, session, clock, onCommit, ack: settings.ack ?? 'local' },
    ...(markers === undefined ? {} : { markers }),
  });
}

/** Opens the control store, likewise. */
export async function openControlStore(settings: ControlStoreSettings, deps: StoreDeps): Promise<ControlStore> {
  if (settings.kind === 'lmdb') {
    const { openLmdbControlStore } = await import('./lmdb/control-store.js');
    return openLmdbControlStore({ path: settings.path });
  }
  const { CassandraControlStore } = await import('./cassandra/control/control-store.js');
  const session = await openSession(settings.cassandra, deps);
  return new CassandraControlStore({ session, timers: deps.timers, random: deps.random, newId: randomUUID });
}

async function openMarkers(
  session: CassandraSession,
  domain: string,
  { clock, timers, random, metrics }: StoreDeps,
  onLags: NonNullable<StoreDeps['onLags']>,
): Promise<AsyncDisposable> {
  const { openLagMarkers } = await import('./cassandra/lag-markers.js');
  return openLagMarkers({
    ...{ session, domain, clock, timers, random },
    onLags: lags => {
      for (const { from, lagMs } of lags)
        metrics?.set('twin_replication_lag_seconds', lagMs / 1000, { from, to: domain });
      onLags(lags);
    },
    onFailed: () => metrics?.count('replication_marker_failed_total'),
  });
}

async function openSession(settings: CassandraSettings, deps: StoreDeps): Promise<CassandraSession> {
  const { openSession: open } = await import('./cassandra/session.js');
  const { clock, timers, random, log, metrics, onState } = deps;
  return open(settings, {
    ...{ clock, timers, random, log },
    onState: state => {
      metrics?.set('store_up', state.at === 'ready' ? 1 : 0);
      onState?.(state);
    },
    onLoad: load => {
      metrics?.set('store_requests', load.running, { at: 'cluster' });
      metrics?.set('store_requests', load.waiting, { at: 'queue' });
    },
  });
}
