import { z } from 'zod';
import { attachment, commandHeader, epoch, hostRef, vehicleId } from './common.js';
import { nextPage } from './pages.js';

/** sdn-app, `/v1`. Commands return once a barrier has confirmed them; 409 EPOCH_STALE below the highest epoch seen. */

/** PUT /v1/vehicles/{vehicle}: registration or recovery: way out and back-up routes to `host`. 200 {vehicleFlows}. */
export const installRequest = z.strictObject({
  header: commandHeader,
  number: z.int().min(0),
  host: hostRef,
  attachment: attachment.optional(),
});
/** PUT /v1/vehicles/{vehicle}/redirect: the swap, both directions. 200 {vehicleFlows}. The old host's way out stays. */
export const redirectRequest = z.strictObject({ header: commandHeader, host: hostRef });
/** POST /v1/vehicles/{vehicle}/retire: remove the way out of a drained host. 204. */
export const retireRequest = z.strictObject({ header: commandHeader, host: hostRef });

/** A standby slot: reserved by the manager under a lease whose record is durable, prepared, ready for the first frame. */
export const standbySlot = z.strictObject({ lease: z.string().min(1), domain: z.string(), host: hostRef });
export type StandbySlot = z.infer<typeof standbySlot>;

/**
 * PUT /v1/vehicles/{vehicle}/arming: what the vehicle may use by itself from now on; replaces what was there. 200
 * {vehicleFlows}. `slots`: at most one per domain, each gets its prio-95 route. `tickets`: whether a move into another
 * domain may take one. It ends with the first move that uses it, and when `leaseMs` have passed without a renewal (a
 * repetition). The manager sends it only while no hand-over of the vehicle runs and its dwell is over.
 */
export const armingRequest = z.strictObject({
  term: z.int().min(1),
  slots: z.array(standbySlot),
  tickets: z.boolean(),
  leaseMs: z.int().positive(),
});
export type ArmingRequest = z.infer<typeof armingRequest>;
/** PUT /v1/tickets: slots per domain that no vehicle holds yet; replaces what was there, used ones stay used. 204. */
export const ticketsRequest = z.strictObject({
  term: z.int().min(1),
  tickets: z.array(standbySlot),
  leaseMs: z.int().positive(),
});
export type TicketsRequest = z.infer<typeof ticketsRequest>;

/**
 * POST /v1/attachments/{vehicle}/confirm: a vMD host has verified a fresh message that came in by this tag (DESIGN §5, proof
 * before trust). Idempotent. 200 {confirmAnswer}; 404 for a vehicle that is not known.
 */
export const confirmRequest = z.strictObject({
  /** As in the tag that the datagram carried. */
  datapath: z.int().min(1).max(15),
  port: z.int().min(1).max(2047),
  /** False: the datagram was of the source that the vehicle is known by, and speaks for nobody who is unconfirmed. Absent: true. */
  unconfirmed: z.boolean().optional(),
  boot: z.int().min(0),
  seq: z.int().min(0),
});
export type ConfirmRequest = z.infer<typeof confirmRequest>;
export const confirmAnswer = z.object({
  /** `ambiguous`: more than one unconfirmed source at that port; the message tells not which. */
  result: z.enum(['confirmed', 'nothing-to-confirm', 'ambiguous']),
});

/**
 * PUT /v1/attachments/{vehicle}: somebody other than the switch saw the vehicle there: a radio controller, a core network
 * (3GPP UP_PATH_CH), an operator. A hint, as a frame's copy is one: the detector table and `network.trust` decide what it
 * means. It is how vehicles are found where a switch has no packet-ins. 204; 404 for a vehicle that is not known.
 */
export const attachmentHint = z.strictObject({
  datapath: z.int().min(1).max(15),
  port: z.int().min(1).max(2047),
  source: attachment.shape.source,
  /** Of the station, where it is known. */
  mac: z
    .string()
    .regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
    .optional(),
});
export type AttachmentHint = z.infer<typeof attachmentHint>;

export const vehicleFlows = z.object({
  vehicle: vehicleId,
  number: z.int(),
  attachment: attachment.optional(),
  /** The port of `attachment` has no carrier: no frame comes from there. Absent without an attachment. */
  portDown: z.boolean().optional(),
  host: hostRef,
  highestEpoch: epoch,
  /** Hosts whose way out is installed. */
  waysOut: z.array(z.string()),
  state: z.enum(['waiting', 'attached', 'moving', 'dual-homed']),
  /** Domains with an armed route. */
  armed: z.array(z.string()),
  /** Whether a move into another domain may take a ticket. */
  tickets: z.boolean().optional(),
  /** The last move, and the way it went as far as the switch knows: `re-route` leaves the rest to the manager. */
  lastMove: z
    .object({ atMs: z.number(), detector: z.string(), way: z.enum(['armed', 'ticket', 're-route']) })
    .optional(),
  /** Packets by flow kind, where asked with ?counters=true. */
  packets: z.record(z.string(), z.int()).optional(),
});
export type VehicleFlows = z.infer<typeof vehicleFlows>;
/** GET /v1/vehicles?after=&limit= (pages.ts) → {vehicles}; GET /v1/vehicles/{vehicle}. */
export const vehicleFlowsList = z.object({ vehicles: z.array(vehicleFlows), next: nextPage });

/**
 * GET /v1/check: flows read back from the switch by cookie. `?vehicle=` those of one; `?after=NUMBER` those of a block of
 * vehicle numbers above it, and `next` for the block behind it; the first (`after=-1`) has the flows that are no vehicle's.
 */
export const switchCheck = z.object({
  connected: z.boolean(),
  flows: z.array(
    z.object({
      table: z.int(),
      priority: z.int(),
      vehicle: z.int(),
      epochLow: z.int(),
      kind: z.string(),
      packets: z.int(),
      datapath: z.int().default(1),
      /** What it matches, in words; none where any packet does. */
      matches: z.array(z.string()).default([]),
      /** What it does, in words; nothing drops. */
      does: z.array(z.string()).default([]),
    }),
  ),
  /** Of all switches together; by switch below. */
  drops: z.record(z.string(), z.int()),
  /** Flows that should be there and are not, and the reverse. */
  missing: z.int(),
  foreign: z.int(),
  next: nextPage,
  switches: z
    .array(
      z.object({
        datapath: z.int(),
        /** `unread`: it is connected and did not answer. */
        state: z.enum(['away', 'unread', 'read']),
        drops: z.record(z.string(), z.int()),
        missing: z.int(),
        foreign: z.int(),
      }),
    )
    .default([]),
});
export type SwitchCheck = z.infer<typeof switchCheck>;

/** GET /v1/standing, answered by stand-bys, too: whether this sdn-app is the active one, and how its switches are. */
export const standingAnswer = z.object({
  at: z.enum(['standby', 'active']),
  term: z.int().optional(),
  /** Who is active where this one is not, as far as it knows. */
  active: z.object({ url: z.string(), term: z.int() }).optional(),
  switches: z.array(z.object({ datapath: z.int(), connected: z.boolean(), reconciled: z.boolean() })),
  /** Tickets that are free, by domain. */
  tickets: z.record(z.string(), z.int()),
});
export type StandingAnswer = z.infer<typeof standingAnswer>;

/** GET /v1/moves?vehicle=&limit= → {moves}, newest first: the last ones of this process, at most 1,000. */
export const sdnMove = z.object({
  vehicle: z.string(),
  handover: z.string(),
  /** Absent at a first frame. */
  from: attachment.optional(),
  to: attachment,
  detector: z.string(),
  way: z.enum(['armed', 'ticket', 're-route']),
  detectedAtMs: z.number(),
  validatedAtMs: z.number(),
  reroutedAtMs: z.number().optional(),
});
export type SdnMove = z.infer<typeof sdnMove>;
export const moveList = z.object({ moves: z.array(sdnMove) });

/**
 * GET /v1/trace/{vehicle}?from=port|elsewhere|stranger: where a frame of the vehicle goes by the flows that the switches
 * hold now, and where the answer of its host goes. `from`: its attachment (default), its source at another port, an unknown
 * source at its port.
 */
export const traceAnswer = z.object({
  vehicle: vehicleId,
  /** The frame, then the answer. */
  legs: z.array(
    z.object({
      says: z.string(),
      steps: z.array(
        z.object({
          datapath: z.int(),
          table: z.int(),
          /** Absent where no flow matched. */
          priority: z.int().optional(),
          kind: z.string(),
          packets: z.int(),
          /** What it did, in words. */
          does: z.array(z.string()),
        }),
      ),
      /** Where it came out, in words: `host edge-1/1`, `port 3 of switch 1 (ap-3)`, `dropped: no-way-out`. */
      ends: z.array(z.string()),
    }),
  ),
});
export type TraceAnswer = z.infer<typeof traceAnswer>;
