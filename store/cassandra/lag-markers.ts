import type { Clock, Timers } from '../../common/clock.js';
import { statement } from './consistency.js';
import { LagTracker, type Marker, type ReplicationLag } from './lag-tracker.js';
import type { CassandraSession } from './session.js';

/** How often each domain writes its marker. */
export const MARKER_PERIOD_MS = 1_000;
/** A domain that is gone for good leaves nothing behind. */
const MARKER_TTL_S = 86_400;
/** Of several hosts of a domain one writes its markers, on time; the others see that they are there, and wait so long. */
const GRACE_MS = { from: 50, to: 150 } as const;

export const WRITE_MARKER = statement(
  'marker.write',
  'INSERT INTO {twin}.replication_marker (marker, domain, written_at) VALUES (0, ?, ?) USING TTL ?',
);
export const READ_MARKERS = statement(
  'marker.read',
  'SELECT domain, written_at FROM {twin}.replication_marker WHERE marker = 0',
);

export interface LagMarkersOptions {
  readonly session: Pick<CassandraSession, 'run'>;
  readonly domain: string;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Called after each read. */
  readonly onLags?: (lags: readonly ReplicationLag[]) => void;
  /** A marker that could not be written or read; the next one is tried as if nothing had been. */
  readonly onFailed?: (error: unknown) => void;
}

export interface LagMarkers extends AsyncDisposable {
  /** How far this domain is behind each other, as of now. */
  lags(): readonly ReplicationLag[];
}

/** The markers that one read gives. */
export async function readMarkers(session: Pick<CassandraSession, 'run'>): Promise<Marker[]> {
  const rows = await session.run(READ_MARKERS, []);
  return rows.map(row => ({ domain: String(row['domain']), writtenAtMs: Number(row['written_at']) }));
}

export async function writeMarker(
  session: Pick<CassandraSession, 'run'>,
  { domain, writtenAtMs }: Marker,
): Promise<void> {
  await session.run(WRITE_MARKER, [domain, BigInt(Math.round(writtenAtMs)), MARKER_TTL_S]);
}

/**
 * Measures how far replication is: writes the marker of this domain unless another of its hosts has, and reads those of all
 * domains where reports are read, here. A few small requests a second, whatever there is to replicate.
 */
export function openLagMarkers(options: LagMarkersOptions): LagMarkers {
  const { session, domain, clock, timers, random } = options;
  const tracker = new LagTracker(domain, MARKER_PERIOD_MS);
  const others = GRACE_MS.from + random() * (GRACE_MS.to - GRACE_MS.from);
  let wroteAtMs = -Infinity;
  const graceMs = (): number => (tracker.ownMarkerMs === wroteAtMs ? 0 : others);
  const writes = new Set<Promise<void>>();
  let stopped = false;
  let cancel = (): void => undefined;
  let round: Promise<void> = Promise.resolve();

  const write = (writtenAtMs: number): void => {
    wroteAtMs = writtenAtMs;
    // Known at once: what is not written now is written a period later.
    tracker.take([{ domain, writtenAtMs }], writtenAtMs);
    const done = writeMarker(session, { domain, writtenAtMs })
      .catch((error: unknown) => options.onFailed?.(error))
      .finally(() => writes.delete(done));
    writes.add(done);
  };
  const look = async (): Promise<number> => {
    try {
      const markers = await readMarkers(session);
      const nowMs = clock.nowMs();
      tracker.take(markers, nowMs);
      if (tracker.ownDueMs(graceMs()) <= nowMs) write(Math.round(nowMs));
      options.onLags?.(tracker.lags(nowMs));
      const nextMs = Math.min(tracker.nextReadMs(), tracker.ownDueMs(graceMs())) - nowMs;
      // The wall clock may step; no step makes it wait for long.
      return Math.min(MARKER_PERIOD_MS, Math.max(1, nextMs));
    } catch (error) {
      options.onFailed?.(error);
      options.onLags?.(tracker.lags(clock.nowMs()));
      return MARKER_PERIOD_MS;
    }
  };
  const turn = (): void => {
    round = look().then(nextMs => {
      if (!stopped) cancel = timers.after(nextMs, turn);
    });
  };
  turn();
  return {
    lags: () => tracker.lags(clock.nowMs()),
    async [Symbol.asyncDispose]() {
      stopped = true;
      cancel();
      await round;
      cancel();
      await Promise.all(writes);
    },
  };
}
