import { z } from 'zod';
import { SLOT_STATES } from './pools.js';
import { desiredSettings, reportedSettings } from '../settings.js';
import { commandHeader, epoch, hostRef, vehicleId } from './common.js';

/**
 * Control API of a vMD host, `/v1`, used by md-manager alone. Commands are idempotent; one below the highest epoch seen
 * of its vehicle is refused with 409 EPOCH_STALE, one of an older term with 409 TERM_STALE.
 */

/** What a twin hands to its successor (DESIGN §6); also read after `drain`. */
export const digest = z.object({
  schema: z.literal(1),
  vehicle: vehicleId,
  /** Newest cell per signal. */
  cells: z.array(
    z.object({
      signal: z.string(),
      boot: z.int(),
      seq: z.int(),
      value: z.union([z.number(), z.string(), z.boolean()]),
      timeMs: z.number(),
      receivedAtMs: z.number(),
      suspect: z.literal(true).optional(),
    }),
  ),
  /** Seqs that the sender knows to be stored, up to 64 ranges per boot, newest boots first. */
  ranges: z.array(z.object({ boot: z.int(), ranges: z.array(z.tuple([z.int(), z.int()])).max(64) })),
  nextMessageId: z.int().min(0).max(65_535),
  nextObserve: z.int().min(0),
});
export type Digest = z.infer<typeof digest>;

/** POST /v1/slots/{vehicle}/prepare → 200 {slotAnswer}. Without a digest, one is promised and comes with `activate`. */
export const prepareRequest = z.strictObject({
  header: commandHeader,
  number: z.int().min(0),
  digest: digest.optional(),
  /**
   * Id of the lease under which the slot is kept for a hand-over that may come (DESIGN §6, arming): `header.epoch` is then
   * the highest seen and is not the slot's own; the hand-over comes with a higher one.
   */
  lease: z.string().min(1).optional(),
});
/** POST /v1/slots/{vehicle}/activate → 200 {slotAnswer}: the claim is applied, act. */
export const activateRequest = z.strictObject({
  header: commandHeader,
  digest: digest.optional(),
  leaseMs: z.int().positive(),
});
/** POST /v1/slots/{vehicle}/drain → 200 {drainAnswer}: stand down at once, go on storing; event `drained` once silent for the grace. */
export const drainRequest = z.strictObject({ header: commandHeader, graceMs: z.int().min(0) });
export const drainAnswer = z.object({ stoodDown: z.literal(true), digest });
/** POST /v1/slots/{vehicle}/release → 204: the slot is free again (after prepare: cancelled). */
export const releaseRequest = z.strictObject({ header: commandHeader });

export const slotAnswer = z.object({ slot: z.int(), state: z.enum(SLOT_STATES) });

/** POST /v1/leases {term, leaseMs, vehicles}: renews what may go on acting. 200 {refused: vehicles that act with another epoch or not at all}. */
export const leaseRequest = z.strictObject({
  term: z.int().min(1),
  leaseMs: z.int().positive(),
  vehicles: z.array(z.strictObject({ vehicle: vehicleId, epoch })),
});
export const leaseAnswer = z.object({ refused: z.array(vehicleId) });

/**
 * PUT /v1/slots/{vehicle}/settings → 200 {settingsAnswer}: what the vehicle is to be set to. The twin tells its car with the
 * acknowledgements of reports, while it acts, until the car has answered; an older version than the known one changes nothing.
 */
export const settingsRequest = z.strictObject({ term: z.int().min(1), ...desiredSettings.shape });
/** What the car last said of it here, where it has. */
export const settingsAnswer = z.object({ reported: reportedSettings.optional() });

/** How a store is that is reached over the network, and how far its domain is behind others. */
export const storeHealth = z.object({
  state: z.enum(['connecting', 'ready', 'away', 'refusing', 'closed']),
  sinceMs: z.number(),
  reason: z.string().optional(),
  /** Of each other domain: `lagMs` of what it has is not here yet, by its marker that was written at `markerAtMs`. */
  replication: z.array(z.object({ from: z.string(), lagMs: z.number(), markerAtMs: z.number() })),
});
export type StoreHealth = z.infer<typeof storeHealth>;

/** GET /v1/health[?slots=none]: with every slot, or without. `stalledMs`: how long a commit has been waiting, 0 when none is. */
export const hostHealth = z.object({
  host: hostRef,
  pid: z.int(),
  startTicks: z.int(),
  stalledMs: z.number(),
  store: storeHealth.optional(),
  slots: z.array(
    z.object({
      slot: z.int(),
      state: z.enum(SLOT_STATES),
      vehicle: vehicleId.optional(),
      handover: z.string().optional(),
      highestEpoch: epoch.optional(),
      actingEpoch: epoch.optional(),
      leaseHeld: z.boolean().optional(),
      /** Reports stored since the slot was prepared. */
      reports: z.int().optional(),
      lastReportAtMs: z.number().optional(),
    }),
  ),
});
export type HostHealth = z.infer<typeof hostHealth>;

/**
 * GET /v1/network: checksums, as far as the machine tells (or the network namespace that the host runs in): datagrams dropped for
 * theirs, and the interfaces that leave it to hardware.
 */
export const hostNetwork = z.object({
  checksumErrors: z.union([z.int(), z.literal('unknown')]),
  interfaces: z.array(z.object({ name: z.string(), txOffload: z.enum(['on', 'off', 'unknown']) })),
});
export type HostNetwork = z.infer<typeof hostNetwork>;

/** GET /v1/events: SSE; its end is the loss of the control connection. `event:` is `type`, `data:` the rest. */
export const hostEvent = z.discriminatedUnion('type', [
  /** The first report that this slot stored, for the epoch it was last prepared with. */
  z.object({ type: z.literal('first-report'), vehicle: vehicleId, epoch, atMs: z.number() }),
  z.object({ type: z.literal('drained'), vehicle: vehicleId, epoch, atMs: z.number() }),
  /** What the car said of the settings that it was told; the report that said it is stored. */
  z.object({ type: z.literal('settings'), vehicle: vehicleId, reported: reportedSettings, atMs: z.number() }),
]);
export type HostEvent = z.infer<typeof hostEvent>;

/** Where a vehicle was and how fast, as its twin knows by its reports. Ages are by the host's clock, when this was sent. */
export const motionRow = z.object({
  vehicle: vehicleId,
  latitude: z.number(),
  longitude: z.number(),
  ageMs: z.number().min(0),
  speedKmh: z.number().min(0),
  /** By its receiver, clockwise from north. */
  heading: z.object({ deg: z.number(), ageMs: z.number().min(0) }).optional(),
});
export type MotionRow = z.infer<typeof motionRow>;

/** GET /v1/events?motionMs=1000: beside the others, every so often, `event: motion` with those that were heard of since. */
export const motionEvent = z.object({ vehicles: z.array(motionRow) });

/**
 * CoAP of a vMD host, UDP 5683 of its own address:
 * - POST /r?v=1 (content format 112; several reports: 63, report-batch.ts) → 2.04 once durable, empty or JSON {reportRemarks};
 *   4.03 unknown vehicle or not the one of the alias; 4.00, 4.13, 4.15; 5.03 with Max-Age. Errors carry `CODE: words` as
 *   diagnostic payload.
 * - GET /v/{vehicle}/s/{vss path}[?maxAge=seconds][&timeout=ms] → 2.05 JSON {signalAnswer} (format 50), ETag, Max-Age; 4.04; 5.03.
 * - GET /.well-known/core
 * The device serves GET /s/{vss path} for its twin, JSON {value, timeMs}.
 */

/**
 * What a report held that is kept, but never becomes live: names not in the catalogue, values out of range. And what the
 * device is to be set to, where it has not answered that yet.
 */
export const reportRemarks = z.object({
  unknown: z.array(z.string()).optional(),
  range: z.array(z.string()).optional(),
  settings: desiredSettings.optional(),
});
export type ReportRemarks = z.infer<typeof reportRemarks>;

export const SOURCES = ['measured', 'twin-cache', 'stored', 'derived'] as const;
export const signalAnswer = z.object({
  value: z.union([z.number(), z.string(), z.boolean()]),
  timeMs: z.number(),
  /** null where the sample's clock is suspect. */
  ageMs: z.number().nullable(),
  source: z.enum(SOURCES),
  boot: z.int().optional(),
  seq: z.int().optional(),
  /** The host is not (or not yet) the acting twin. */
  provisional: z.boolean(),
  /** The host's lease has run out: it may have been replaced. */
  stale: z.boolean(),
  /** false until the store covers the digest's ranges. */
  complete: z.boolean(),
  /** Why the car was not asked. */
  explain: z.string().optional(),
});
export type SignalAnswer = z.infer<typeof signalAnswer>;
