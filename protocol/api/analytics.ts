import { z } from 'zod';
import { attachment, epoch, vehicleId } from './common.js';
import { handoverCounts, handoverRecord } from './md-manager.js';
import { accessPointSchema } from '../topology.js';
import { SOURCES } from './vmd.js';
import { settingsState } from '../settings.js';

/** analytics, `/v1`. Signals carry VSS paths; times are Unix milliseconds UTC. */
const value = z.union([z.number(), z.string(), z.boolean()]);

/** What a part that analytics needs is doing; `sinceMs`: when that began. */
export const partState = z.object({ state: z.enum(['here', 'away']), sinceMs: z.number(), why: z.string().optional() });
export type PartState = z.infer<typeof partState>;
export const sources = z.object({ nowMs: z.number(), store: partState, manager: partState });
export type Sources = z.infer<typeof sources>;

/** A signal of a vehicle as it is now; without a value: nothing was ever stored. */
export const signalState = z.object({
  path: z.string(),
  label: z.string(),
  unit: z.string(),
  /** One of the thirteen of the paper. */
  paper: z.boolean(),
  value: value.optional(),
  timeMs: z.number().optional(),
  /** null where the clock of the sample is suspect. */
  ageMs: z.number().nullable().optional(),
  source: z.enum(SOURCES).optional(),
  /** Older than its tier allows, or of unknown age. */
  stale: z.boolean(),
  /** The age from which on it is stale. */
  staleAfterMs: z.number(),
});
export type SignalState = z.infer<typeof signalState>;

/** The serving twin as md-manager last told it. */
export const serving = z.object({
  domain: z.string(),
  host: z.string(),
  epoch: epoch.optional(),
  attachment: attachment.optional(),
});
export type Serving = z.infer<typeof serving>;

/** A point of a way: Unix ms, latitude, longitude. */
export const trackPoint = z.tuple([z.number(), z.number(), z.number()]);
export type TrackPoint = z.infer<typeof trackPoint>;

/** GET /v1/vehicles → {vehicles}. */
export const vehicleSummary = z.object({
  vehicle: vehicleId,
  number: z.int().optional(),
  serving: serving.optional(),
  /** What it is to be set to, as md-manager last told it. */
  settings: settingsState.optional(),
  /** Newest sample's time over all signals. */
  lastSampleMs: z.number().optional(),
  stored: z.int(),
});
export type VehicleSummary = z.infer<typeof vehicleSummary>;
export const vehicleSummaryList = z.object({ sources, vehicles: z.array(vehicleSummary) });

/** GET /v1/vehicles/{vehicle}: with the way of the last minutes, thinned. */
export const vehicleDetail = vehicleSummary.extend({
  sources,
  signals: z.array(signalState),
  track: z.array(trackPoint),
});
export type VehicleDetail = z.infer<typeof vehicleDetail>;

/** GET /v1/fleet: what the page starts from; of a large fleet only the end of each way. */
export const fleetVehicle = vehicleSummary.extend({ signals: z.array(signalState), track: z.array(trackPoint) });
export type FleetVehicle = z.infer<typeof fleetVehicle>;

/** Reports as the store has them (DESIGN §7). What only the device knows (sampled, resent) is not here. */
export const reportCounts = z.object({
  /** Distinct (vehicle, boot, seq). */
  stored: z.int(),
  /** Of these, with more than one row. */
  duplicated: z.int(),
  /** Declared by a gap report and not stored. */
  dropped: z.int(),
  /** Seqs below a stored one that have not come yet: in an outbox, or on their way. */
  awaited: z.int(),
  /** Awaited for longer than `lostAfterMs` while later ones came. */
  lost: z.int(),
});
export type ReportCounts = z.infer<typeof reportCounts>;

/** GET /v1/counts. Without `handovers`: md-manager has not been reached yet. */
export const counts = z.object({
  sources,
  reports: reportCounts,
  lostAfterMs: z.number(),
  handovers: handoverCounts.optional(),
});
export type Counts = z.infer<typeof counts>;

export const fleet = z.object({ sources, vehicles: z.array(fleetVehicle), counts: counts.omit({ sources: true }) });
export type Fleet = z.infer<typeof fleet>;

/** GET /v1/handovers?vehicle=&limit=: md-manager's records; the last known ones while it is away. */
export const handovers = z.object({ sources, handovers: z.array(handoverRecord) });

/** GET /v1/topology. */
export const topologyAnswer = z.object({ domains: z.array(z.string()), accessPoints: z.array(accessPointSchema) });
export type TopologyAnswer = z.infer<typeof topologyAnswer>;

export const LEVELS = ['store', 'twin', 'device'] as const;
export type Level = (typeof LEVELS)[number];

/**
 * GET /v1/vehicles/{vehicle}/signals/{path}?maxAge=seconds&timeout=ms&explain=1: the three levels of a read (DESIGN §8).
 * 404 SIGNAL_UNKNOWN, SIGNAL_NO_VALUE, VEHICLE_UNKNOWN. Where the next level cannot be reached the stored value is the
 * answer, marked `stale`.
 */
export const signalRead = z.object({
  vehicle: vehicleId,
  path: z.string(),
  label: z.string(),
  unit: z.string(),
  value,
  timeMs: z.number(),
  ageMs: z.number().nullable(),
  source: z.enum(SOURCES),
  provisional: z.boolean(),
  /** Older than asked for, or from a twin whose lease has run out. */
  stale: z.boolean(),
  complete: z.boolean(),
  /** Which level answered. */
  level: z.enum(LEVELS),
  /** With `explain=1`: one row per level, in the order of asking. */
  explain: z.array(z.object({ level: z.enum(LEVELS), asked: z.boolean(), why: z.string() })).optional(),
});
export type SignalRead = z.infer<typeof signalRead>;

/** A signal that could not be read, among others that could. */
export const signalProblem = z.object({
  vehicle: vehicleId,
  path: z.string(),
  problem: z.object({ code: z.string(), detail: z.string() }),
});
/**
 * GET /v1/vehicles/{vehicle}/signals?paths=&maxAge=&timeout=&explain=1: several signals of one vehicle, by commas; absent:
 * all that have a value. GET /v1/fleet/signals?paths=&vehicles=&…: the same of several vehicles; absent: of all. One
 * deadline holds for all of them.
 */
export const signalReads = z.object({ sources, reads: z.array(signalRead), problems: z.array(signalProblem) });
export type SignalReads = z.infer<typeof signalReads>;

/**
 * GET /v1/vehicles/{vehicle}/reports?from=&to=&limit=&order=oldest|newest&cursor=: reports as they are stored, in pages. `next`
 * is the cursor of the page behind this one; the last page has none. Reports that come meanwhile are on a page or not;
 * none comes twice, no other is left out.
 */
export const storedReport = z.object({
  boot: z.int(),
  seq: z.int(),
  timeMs: z.number(),
  receivedAtMs: z.number(),
  /** By path; a sample's own time where it is not the report's. Names that are no signals keep theirs. */
  samples: z.array(z.object({ path: z.string(), value, timeMs: z.number() })),
  /** The bytes are of a release that this one cannot read. */
  unreadable: z.literal(true).optional(),
});
export const reportPage = z.object({ vehicle: vehicleId, reports: z.array(storedReport), next: z.string().optional() });
export type ReportPage = z.infer<typeof reportPage>;

/**
 * GET /v1/vehicles/{vehicle}/history?signals=&from=&to=&limit=: per signal points [timeMs, value], ascending; null as value
 * begins a gap, which is never bridged. More than `limit` points: per span of time the least and the greatest value.
 */
export const series = z.object({
  path: z.string(),
  label: z.string(),
  unit: z.string(),
  points: z.array(z.tuple([z.number(), value.nullable()])),
  downsampled: z.boolean(),
});
export type Series = z.infer<typeof series>;
/** What history was read from: reports as they were, or their roll-ups, where a point stands for much longer than these. */
export const RESOLUTIONS = ['raw', '10s', '5min'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];
export const history = z.object({
  vehicle: vehicleId,
  fromMs: z.number(),
  toMs: z.number(),
  resolution: z.enum(RESOLUTIONS),
  /** Only the newest rows of the span were read: ask for less of it. */
  truncated: z.boolean(),
  series: z.array(series),
});
export type History = z.infer<typeof history>;

const seqRange = z.tuple([z.int(), z.int()]);
/** GET /v1/ledger?vehicle=: what happened to every report and every hand-over of a vehicle, derived from history and gaps. */
export const bootLedger = z.object({
  boot: z.int(),
  stored: z.int(),
  highestStored: z.int(),
  /** What the next boot's first report names; absent for the newest boot. */
  lastAccepted: z.int().optional(),
  duplicated: z.int(),
  ranges: z.array(seqRange),
  gaps: z.array(z.object({ from: z.int(), to: z.int(), reason: z.enum(['bound', 'rejected', 'corrupt']) })),
  dropped: z.int(),
  awaited: z.array(seqRange),
  lost: z.int(),
});
export type BootLedger = z.infer<typeof bootLedger>;
export const ledger = z.object({
  sources,
  vehicle: vehicleId,
  reports: reportCounts,
  boots: z.array(bootLedger),
  handovers: z.array(handoverRecord),
});
export type Ledger = z.infer<typeof ledger>;

/**
 * GET /v1/stream[?vehicle=]: SSE. At once `fleet` {fleet}; then, as things change: `values` {liveValues}, `serving`
 * {servingChanged}, `handover` {handoverRecord}, `counts` {counts}, `sources` {sources}. A reader that cannot keep up is
 * closed. Who comes back with `Last-Event-ID` gets `resumed` {resumed}: with `replayed`, the events that it missed follow;
 * else they are no longer known, `why` says so, and it starts anew from `fleet`.
 */
export const resumed = z.object({
  replayed: z.boolean(),
  /** How many events follow. */
  events: z.int(),
  why: z.string().optional(),
});
export type Resumed = z.infer<typeof resumed>;
export const liveValues = z.object({
  vehicle: vehicleId,
  nowMs: z.number(),
  stored: z.int(),
  values: z.array(signalState.pick({ path: true, value: true, timeMs: true, ageMs: true, source: true })),
});
export type LiveValues = z.infer<typeof liveValues>;
export const servingChanged = z.object({
  vehicle: vehicleId,
  number: z.int().optional(),
  serving: serving.optional(),
  settings: settingsState.optional(),
});
export type ServingChanged = z.infer<typeof servingChanged>;
