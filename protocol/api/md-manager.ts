import { z } from 'zod';
import { attachment, epoch, hostRef, phase, vehicleId, way } from './common.js';
import { nextPage } from './pages.js';
import { reportedSettings, settingsState, vehicleSettings } from '../settings.js';

/** md-manager, `/v1`. */

/** POST /v1/registrations, idempotent by key. 200 {registration}; 409 KEY_MISMATCH; 503 AUTHORITY_AWAY | POOL_EMPTY with Retry-After. */
export const registrationRequest = z.strictObject({
  vehicle: vehicleId,
  /** 128 random bits in hex, made once by the device and kept on its disk. */
  key: z.string().regex(/^[0-9a-f]{32}$/),
  /** The lowest boot that the device may use next, by its own disk; 1 on empty storage. */
  nextBootFloor: z.int().min(1),
});
export type RegistrationRequest = z.infer<typeof registrationRequest>;

const twinAddresses = {
  /** Where to send reports, for life. */
  twin: z.object({ address: z.ipv4(), port: z.int() }),
  /** The same over IPv6, where the network has it; both lead to the same twin, at any time. */
  twin6: z.object({ address: z.ipv6(), port: z.int() }).optional(),
};

export const registration = z.object({
  vehicle: vehicleId,
  number: z.int().min(0),
  ...twinAddresses,
  /** max(nextBootFloor, highest boot ever stored + 1). */
  nextBoot: z.int().min(1),
});
export type Registration = z.infer<typeof registration>;

/** POST /v1/attachments: `attachment.changed`, from sdn-app. Idempotent by `handover`. 202 {attachmentAnswer}. */
export const attachmentChanged = z.strictObject({
  term: z.int().min(1),
  /** Id of the hand-over, begun at `validated`: a UUID made by sdn-app. */
  handover: z.uuid(),
  vehicle: vehicleId,
  /** Absent at a vehicle's first frame. */
  from: attachment.optional(),
  to: attachment,
  /** Which rule of the detector table saw it (DESIGN §5), e.g. `port`, `address`, `router`. */
  detector: z.string().optional(),
  /** Stamps of the phases that are sdn-app's own. */
  detectedAtMs: z.number(),
  validatedAtMs: z.number(),
  /** Absent where an armed route took the frame: there was nothing to re-route. */
  reroutedAtMs: z.number().optional(),
  /**
   * The flow already goes to a host of the new domain, by an armed slot or a ticket: its lease record is the intent, `epoch`
   * is the highest that sdn-app had seen + 1. What is left is to claim, to activate and to drain.
   */
  redirected: z
    .strictObject({
      way: z.enum(['armed', 'ticket']),
      lease: z.string().min(1),
      host: hostRef,
      epoch,
      atMs: z.number(),
    })
    .optional(),
});
export type AttachmentChanged = z.infer<typeof attachmentChanged>;

export const attachmentAnswer = z.object({
  /** `started`: a hand-over runs; `same-domain`: ended as a re-route; `deferred`: within dwell, or one is in progress. */
  result: z.enum(['started', 'same-domain', 'deferred', 'known']),
});
export type AttachmentAnswer = z.infer<typeof attachmentAnswer>;

export const HANDOVER_RESULTS = ['running', 'completed', 'failed', 'cancelled'] as const;

/** A hand-over as API, ledger and page show it. */
export const handoverRecord = z.object({
  id: z.string(),
  vehicle: vehicleId,
  kind: z.enum(['move', 'first', 'same-domain', 'host-lost', 'drain', 'ordered']),
  way: way.optional(),
  result: z.enum(HANDOVER_RESULTS),
  reason: z.string().optional(),
  fromDomain: z.string().optional(),
  toDomain: z.string(),
  fromHost: z.string().optional(),
  toHost: z.string().optional(),
  attempt: z.int(),
  epoch: epoch.optional(),
  /** The lease that sdn-app used (ways `armed` and `ticket`), and what its slot was kept for: `neighbour ap-3`. */
  standby: z.object({ lease: z.string(), reason: z.string() }).optional(),
  /** Stamp of each phase that was reached. */
  phases: z.partialRecord(phase, z.number()),
  startedAtMs: z.number(),
  endedAtMs: z.number().optional(),
});
export type HandoverRecord = z.infer<typeof handoverRecord>;

/** GET /v1/handovers?vehicle=&limit= → {handovers: handoverRecord[]} newest first; GET /v1/handovers/{id}. */
export const handoverList = z.object({ handovers: z.array(handoverRecord) });

/** GET /v1/handovers/counts: over the life of the store. `completed`, `failed`, `cancelled` leave out `first` and `same-domain`. */
export const handoverCounts = z.object({
  running: z.int(),
  completed: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  first: z.int(),
  sameDomain: z.int(),
  hostLost: z.int(),
  /** Those that completed, `first` ones left out, by the way they went. */
  ways: z.partialRecord(way, z.int()).optional(),
});
export type HandoverCounts = z.infer<typeof handoverCounts>;

/** GET /v1/vehicles → {vehicles: vehicleRecord[]}; GET /v1/vehicles/{vehicle}: "who is the twin?" */
export const vehicleRecord = z.object({
  vehicle: vehicleId,
  number: z.int(),
  ...twinAddresses,
  /** The host that the switch should send to, and the epoch of that redirect. */
  host: hostRef.optional(),
  hostEpoch: epoch.optional(),
  /** Who acts: the owner row. */
  acting: z.object({ host: z.string(), domain: z.string(), epoch }).optional(),
  highestEpoch: epoch,
  attachment: attachment.optional(),
  handover: z.string().optional(),
  /** The newest version of what it is to be set to, and whether its device has answered; absent where nothing was ever set. */
  settings: settingsState.optional(),
});
export type VehicleRecord = z.infer<typeof vehicleRecord>;
/** GET /v1/vehicles?after=&limit= (pages.ts). */
export const vehicleList = z.object({ term: z.int(), vehicles: z.array(vehicleRecord), next: nextPage });

/**
 * PUT /v1/vehicles/{vehicle}/settings {vehicleSettings} → 200 {settingsRecord}: what the vehicle is to be set to, in place of
 * what was set before; `{}` is its own configuration. GET → {settingsRecord}, 404 where nothing was ever set.
 */
export const settingsRecord = z.object({
  vehicle: vehicleId,
  desired: z.object({ version: z.int(), settings: vehicleSettings, writtenAtMs: z.number() }),
  /** What the device said last. */
  reported: z.object({ ...reportedSettings.shape, atMs: z.number() }).optional(),
  /** `pending`: the device has not answered this version; `applied` and `refused` are its answers. */
  state: settingsState.shape.state,
});
export type SettingsRecord = z.infer<typeof settingsRecord>;

/**
 * PUT /v1/leases/sdn-app: an sdn-app asks to be, or to remain, the active one (DESIGN §5). 200 {serviceLease}: whoever holds
 * it, with the term that its commands and its role at the switch carry; a change of holder raises the term (durable).
 * Commands of md-manager go to the holder's URL.
 */
export const serviceLeaseRequest = z.strictObject({
  /** Same for the life of one process. */
  holder: z.string().min(1).max(128),
  url: z.url(),
  ttlMs: z.int().min(100).max(60_000),
  /**
   * A process has just begun to listen at this URL and has had no answer yet: a holder with the same URL is its predecessor,
   * which is dead, so that its time need not run out. The term rises as with any other change of holder.
   */
  begins: z.boolean().optional(),
});
export const serviceLease = z.object({
  holder: z.string(),
  url: z.string(),
  term: z.int().min(1),
  /** What is left of it. */
  ttlMs: z.number(),
  /** Of the md-manager that says so: commands of an earlier one are refused from here on. */
  managerTerm: z.int().min(1).optional(),
});
export type ServiceLeaseRequest = z.infer<typeof serviceLeaseRequest>;
export type ServiceLease = z.infer<typeof serviceLease>;

/** POST /v1/hosts: a vMD host says that it is ready. 204. */
export const hostHello = z.strictObject({
  host: hostRef,
  pid: z.int(),
  startTicks: z.int(),
  slots: z.int().min(1),
  /** Of a machine that an orchestrator started: the token of one use that came with the order. */
  enrolment: z.string().optional(),
});
export type HostHello = z.infer<typeof hostHello>;

/** POST /v1/vehicles/{vehicle}/handover → 202: an operator orders the twin into a domain. Idempotent by `handover`. */
export const handoverOrder = z.strictObject({ domain: z.string(), handover: z.uuid().optional() });
export const handoverOrdered = z.object({
  handover: z.string(),
  /** `there`: the twin is in that domain; `busy`: another hand-over is under way, or the vehicle has no twin that serves. */
  result: z.enum(['started', 'known', 'there', 'busy']),
});
export type HandoverOrdered = z.infer<typeof handoverOrdered>;

/** GET /v1/events: SSE, `event: handover`, data = handoverRecord at each phase and at the end. */

/** GET /v1/leader: of any md-manager; one that does not lead answers everything else with 307 to this address. */
export const leader = z.object({ url: z.url(), term: z.int().min(1) });
export type Leader = z.infer<typeof leader>;

/** GET /v1/orders?day=2026-11-21&limit= → the audit log of a day (UTC), newest first. */
export const orderList = z.object({
  orders: z.array(
    z.object({
      id: z.string(),
      atMs: z.number(),
      term: z.int(),
      /** The name that the caller gave himself (header X-Edgetwin-By), and his address. */
      who: z.string(),
      what: z.string(),
      /** Header Idempotency-Key. */
      key: z.string().optional(),
      /** Status of the answer, or the code of an error. */
      outcome: z.string(),
    }),
  ),
});
