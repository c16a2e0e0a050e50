import { z } from 'zod';
import { hostRef, vehicleId } from './common.js';

/** md-manager, `/v1`: pools of vMD hosts, their slots, and what is kept of them for hand-overs that may come. */

/** GET /v1/reservations → {armed, tickets}: standby slots (DESIGN §6), what they are for, and until when (Unix ms). */
export const reservationList = z.object({
  armed: z.array(
    z.object({
      lease: z.string(),
      vehicle: vehicleId,
      domain: z.string(),
      host: z.string(),
      /** e.g. `neighbour ap-3`. */
      reason: z.string(),
      untilMs: z.number(),
    }),
  ),
  tickets: z.array(z.object({ lease: z.string(), domain: z.string(), host: z.string(), untilMs: z.number() })),
});
export type ReservationList = z.infer<typeof reservationList>;

export const SLOT_STATES = ['ready', 'reserved', 'assigned', 'draining', 'quarantined', 'going'] as const;
export type SlotState = (typeof SLOT_STATES)[number];

const HOST_STATES = ['ready', 'quarantined', 'draining', 'lost', 'going'] as const;

/**
 * What a pool did for its cost since this manager began to keep it. A request is a hand-over's or a registration's wish for a
 * slot: `armed` and `ticket` had theirs by a lease, `ready` found one, `none` found none at first.
 */
export const poolEconomy = z.object({
  sinceMs: z.number(),
  requests: z.object({ armed: z.int(), ticket: z.int(), ready: z.int(), none: z.int() }),
  /** Share of requests that waited for no host; null where there was none. */
  hitRate: z.number().nullable(),
  armedRate: z.number().nullable(),
  /** Time that hosts were ready and carried nobody, a host with half of its slots in use counted by half. */
  idleHostMinutes: z.number(),
  /** Time that hosts existed. */
  hostMinutes: z.number(),
  /** Of the last hosts, from order to hello; null where none was seen. */
  readyMs: z.object({ n: z.int(), median: z.number(), p95: z.number(), max: z.number() }).nullable(),
  /** Price of the idle time for each request, in the unit of `pool.hostHourCost`; null where there was no request. */
  costPerHandover: z.number().nullable(),
});
export type PoolEconomy = z.infer<typeof poolEconomy>;

/** GET /v1/pools → {pools: pool[]}. */
export const pool = z.object({
  domain: z.string(),
  /** Slots that are kept ready now. */
  size: z.int(),
  /** Hosts that run in any case. */
  hostsKept: z.int().optional(),
  /** Hosts at most. */
  quota: z.int().optional(),
  hosts: z.array(
    z.object({
      host: hostRef,
      pid: z.int(),
      /**
       * `quarantined`: it comes and goes, and is given nothing until it is well; `draining`: to be empty and then ended; `lost`: out
       * of reach; `going`: being ended.
       */
      state: z.enum(HOST_STATES).optional(),
      slots: z.array(
        z.object({
          slot: z.int(),
          state: z.enum(SLOT_STATES),
          vehicle: vehicleId.optional(),
          handover: z.string().optional(),
        }),
      ),
    }),
  ),
  /** Hosts ordered from MANO that are not ready yet. */
  starting: z.int(),
  economy: poolEconomy.optional(),
});
export type Pool = z.infer<typeof pool>;
export const poolList = z.object({ pools: z.array(pool) });

/**
 * POST /v1/hosts/{domain}/{index}/drain → 202: nothing more is given to the host, its twins move away, then it is ended; whichever
 * manager leads goes on with it. DELETE → 200: it is kept after all, and whoever has left stays away. Both idempotent.
 */
export const drainState = z.object({
  host: z.string(),
  /** Who holds a slot there still, standby slots included. */
  held: z.int(),
});
export type DrainState = z.infer<typeof drainState>;

/** POST /v1/reconcile → 200: what books, hosts and orchestrator did not agree on, and what was done about it. */
const FINDINGS = ['instance-unknown', 'instance-gone', 'slot-unknown', 'slot-missing', 'slot-unheld'] as const;
export const reconciliation = z.object({
  hosts: z.int(),
  slots: z.int(),
  findings: z.array(
    z.object({
      /**
       * `instance-unknown`: the orchestrator has it, nobody here knows it: ended; `instance-gone`: the store names it, it is gone:
       * forgotten; `slot-unknown`: a host keeps it for a vehicle that has none there: released; `slot-missing`: the host does not
       * know it: a lease is given back, a twin moves to another host; `slot-unheld`: the books keep it for nobody: freed.
       */
      finding: z.enum(FINDINGS),
      host: z.string(),
      vehicle: z.string().optional(),
      did: z.enum(['ended', 'forgotten', 'released', 'freed', 'moved', 'failed']),
    }),
  ),
  /** Hosts that did not answer. */
  silent: z.array(z.string()),
});
export type Reconciliation = z.infer<typeof reconciliation>;
