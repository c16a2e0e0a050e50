import type { ReportId } from '../protocol/report.js';
import type { SenmlValue } from '../protocol/senml.js';

/** One report as it was received: one row per report (DESIGN §9). Its key is (vehicle, UTC day, time, boot, seq). */
export interface HistoryRow extends ReportId {
  /** The report's key time, Unix milliseconds UTC. */
  readonly timeMs: number;
  readonly bytes: Uint8Array;
  /** REPORT_VERSION of `bytes`. */
  readonly schema: number;
  readonly receivedAtMs: number;
}

/** The newest value of one signal. Of two cells the one with the higher (boot, seq) wins, wherever it arrives. */
export interface LiveCell {
  readonly signal: string;
  readonly boot: number;
  readonly seq: number;
  readonly value: SenmlValue;
  /** When it was sampled, Unix milliseconds UTC. */
  readonly timeMs: number;
  readonly receivedAtMs: number;
  /** Set where the sample's time is implausible: age unknown. */
  readonly suspect?: true;
}

/** What never changes about a vehicle after its registration. */
export interface DeviceRow {
  readonly vehicle: string;
  readonly number: number;
  /** 32 hex digits, made once by the device. */
  readonly key: string;
  readonly registeredAtMs: number;
}

/** Rows with fromMs ≤ time < toMs, oldest first unless `reverse`. */
export interface HistoryRange {
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly limit?: number;
  readonly reverse?: boolean;
}

/**
 * Twin state of one domain. Blind upserts only: writing a row again changes nothing, no write tells whether it was
 * new, and nothing spans partitions. Failures are STORE_FAILED, of a store that cannot be reached STORE_AWAY,
 * and STORE_NOT_DURABLE where it is one that would lose what it acknowledges.
 */
export interface TwinStore extends AsyncDisposable {
  readonly domain: string;
  /** How many appends it is worth to have under way at once: two for one disk, which shares its syncs; more where each is a request. */
  readonly appendsAtOnce: number;
  /** How many rows it is worth to have in one append: all that wait, or one where rows share nothing and one would wait for the slowest. */
  readonly rowsAnAppend: number;
  /** Resolves once every row is on disk (survives the loss of power of this machine). */
  append(rows: readonly HistoryRow[]): Promise<void>;
  history(vehicle: string, range?: HistoryRange): AsyncIterable<HistoryRow>;
  /** Every row of every vehicle, in key order: for audit and export. */
  scan(): AsyncIterable<HistoryRow>;
  /** A cache of history: merged by (boot, seq), not necessarily durable when this resolves. */
  putLive(vehicle: string, cells: readonly LiveCell[]): Promise<void>;
  live(vehicle: string): Promise<LiveCell[]>;
  /** Vehicles that have a live cell here. */
  liveVehicles(): Promise<string[]>;
  /** The domain's copy of the device rows; may lag. */
  device(vehicle: string): Promise<DeviceRow | undefined>;
  deviceByNumber(number: number): Promise<DeviceRow | undefined>;
}

/** Of a compare-and-set: `unknown` means that it may or may not have been applied; read back. */
export type CasOutcome = 'applied' | 'refused' | 'unknown';

/** Who acts as the twin of a vehicle. Written by md-manager alone. */
export interface OwnerRow {
  readonly vehicle: string;
  readonly epoch: number;
  /** The hand-over whose attempt claimed it; `registration` at epoch 0. */
  readonly handover: string;
  readonly attempt: number;
  readonly host: string;
  readonly domain: string;
  readonly claimedAtMs: number;
}

/** A vMD host that MANO runs; how the next manager finds and sweeps it. */
export interface InstanceRow {
  readonly host: string;
  readonly domain: string;
  readonly address: string;
  /** The same over IPv6, where it was given one. */
  readonly address6?: string | undefined;
  readonly port: number;
  /** Base URL of its control API. */
  readonly control: string;
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: with the pid it names a process for sure. */
  readonly startTicks: number;
  readonly state: 'starting' | 'running' | 'stopping';
  readonly startedAtMs: number;
  /** Of a host that is a machine of an orchestrator's, not a process of ours: the network service that it is, once it has an id. */
  readonly service?: string | undefined;
  /** What it shows with its hello: it is the one that was ordered. */
  readonly enrolment?: string | undefined;
}

/** A hand-over as the ledger keeps it: `schema` and the machine's state as JSON, opaque to the store. */
export interface HandoverRow {
  readonly id: string;
  readonly vehicle: string;
  /** Ended hand-overs are kept for the ledger; open ones are continued by the next manager. */
  readonly open: boolean;
  readonly startedAtMs: number;
  readonly schema: number;
  readonly state: unknown;
}

/**
 * A standby slot and who may use it: durable before sdn-app hears of it, so that it is the intent of the hand-over which
 * uses it (DESIGN §6).
 */
export interface StandbyRow {
  readonly lease: string;
  readonly way: 'armed' | 'ticket';
  /** Whose it is; a ticket is nobody's yet. */
  readonly vehicle?: string;
  readonly domain: string;
  readonly host: string;
  /** What it is for, in words: `neighbour ap-3`. */
  readonly reason: string;
  /** Unix milliseconds: after this sdn-app uses it no more. */
  readonly untilMs: number;
}

/** Who is the active one of a service (DESIGN §5); the term rises with each change of holder and is never given twice. */
export interface ServiceLeaseRow {
  readonly service: string;
  readonly holder: string;
  readonly url: string;
  readonly term: number;
  readonly ttlMs: number;
  /** Raised with each renewal, where the row itself tells that its holder lives: who sees it stand still may take over. */
  readonly beat?: number;
}

/** Something that was ordered of md-manager, by whom, and what came of it. */
export interface OrderRow {
  readonly id: string;
  /** Unix milliseconds, whole. */
  readonly atMs: number;
  /** Of the leader that took it. */
  readonly term: number;
  /** The name that the caller gives himself, if any, and his address. */
  readonly who: string;
  /** Method and path. */
  readonly what: string;
  /** The same order again has the same key. */
  readonly key?: string;
  /** Status of the answer, and the code of an error. */
  readonly outcome: string;
}

/**
 * What a vehicle is to be set to, and what its device said of that: both as JSON, opaque to the store. The version rises with
 * each change of what is desired; `id` tells whose change a version is.
 */
export interface SettingsRow {
  readonly vehicle: string;
  readonly version: number;
  readonly id: string;
  readonly desired: unknown;
  readonly reported?: unknown;
}

/** The lease of the leading md-manager: whose term notes are written under. */
export const MANAGER_SERVICE = 'md-manager';

/** Something that holds until it is taken back, whichever manager leads: `note` as JSON, opaque to the store. */
export interface NoteRow {
  /** `drain`: a host that is to be empty; `mobility`: who is told of hand-overs; `mobility-app`: whose application goes with its devices. */
  readonly kind: 'drain' | 'mobility' | 'mobility-app';
  readonly id: string;
  readonly note: unknown;
}

/** Standby slots that one write may put and end: what the weaker adapter makes all or none. */
export const MAX_STANDBYS_PER_WRITE = 64;

/** Ownership, devices, instances, intents: one store for all domains (DESIGN §9), written by md-manager alone. */
export interface ControlStore extends AsyncDisposable {
  /** IF NOT EXISTS on vehicle and on number. */
  insertDevice(row: DeviceRow): Promise<CasOutcome>;
  device(vehicle: string): Promise<DeviceRow | undefined>;
  devices(): Promise<DeviceRow[]>;
  /** Epoch 0 IF NOT EXISTS. */
  insertOwner(row: OwnerRow): Promise<CasOutcome>;
  /** Claims `row.epoch` IF the stored epoch is lower. */
  claim(row: OwnerRow): Promise<CasOutcome>;
  /** SERIAL read: a claim of unknown outcome that it does not tell may still come, unless a higher epoch is there. */
  owner(vehicle: string): Promise<OwnerRow | undefined>;
  /** Every claim that anyone was told of is in it; one of unknown outcome may be missing. */
  owners(): Promise<OwnerRow[]>;
  /**
   * The next epoch of the vehicle: durable, never given twice, above every earlier one and above `above` (sdn-app uses epochs
   * of its own accord, by leases).
   */
  burnEpoch(vehicle: string, above?: number): Promise<number>;
  /** The highest epoch burnt so far, 0 where none. */
  highestEpoch(vehicle: string): Promise<number>;
  /** The same of every vehicle that has burnt one. */
  highestEpochs(): Promise<ReadonlyMap<string, number>>;
  putInstance(row: InstanceRow): Promise<void>;
  deleteInstance(host: string): Promise<void>;
  instances(): Promise<InstanceRow[]>;
  /**
   * Durable when it resolves: the intent record goes through here. Of one hand-over the ended row is the last, and is put again
   * only as it was; an open one that comes late changes nothing.
   */
  putHandover(row: HandoverRow): Promise<void>;
  handover(id: string): Promise<HandoverRow | undefined>;
  openHandovers(): Promise<HandoverRow[]>;
  /** Newest first. */
  handovers(query: { readonly vehicle?: string; readonly limit: number }): Promise<HandoverRow[]>;
  /** Writes and removes rows of standby slots, at most MAX_STANDBYS_PER_WRITE, all or none; durable when it resolves. */
  writeStandbys(put: readonly StandbyRow[], ended: readonly string[]): Promise<void>;
  standbys(): Promise<StandbyRow[]>;
  /** Grants a term IF the stored one is lower, or changes the record of the holder who has this one. Durable when `applied`. */
  putServiceLease(row: ServiceLeaseRow): Promise<CasOutcome>;
  serviceLease(service: string): Promise<ServiceLeaseRow | undefined>;
  /** Adds to the audit log; nothing there is ever changed. Durable when it resolves. */
  addOrders(rows: readonly OrderRow[]): Promise<void>;
  /** Those of one UTC day (days since 1970), newest first. */
  orders(day: number, limit: number): Promise<OrderRow[]>;
  /** Writes a version IF the stored one is lower, or changes the row of the same change. Durable when `applied`. */
  putSettings(row: SettingsRow): Promise<CasOutcome>;
  settings(vehicle: string): Promise<SettingsRow | undefined>;
  /** Every version that anyone was told of is in it; one of unknown outcome may be missing. */
  allSettings(): Promise<SettingsRow[]>;
  /**
   * In place of one of this kind and id. Durable when it resolves, as is its end. `term` is the leader's: the word of an older one
   * that comes after that of a newer one changes nothing (it resolves all the same, or rejects with TERM_STALE).
   */
  putNote(row: NoteRow, term: number): Promise<void>;
  deleteNote(kind: NoteRow['kind'], id: string, term: number): Promise<void>;
  /** In the order of their ids. */
  notes(kind: NoteRow['kind']): Promise<NoteRow[]>;
}
