import type { Effect, Move, VehicleState } from '../../md-manager/handover/state.js';

interface Slot {
  epoch: number;
  acting: boolean;
  draining: boolean;
}

export interface Lease {
  readonly way: 'armed' | 'ticket';
  /** `offered`: sdn-app may use it; `ended`: it may not any more; `used`: the slot is the hand-over's. */
  readonly is: 'offered' | 'ended' | 'used';
}

/** Hosts, switch and control store around one machine, as plain data. */
export interface Everything {
  state: VehicleState;
  now: number;
  moves: number;
  pool: string[];
  held: string[];
  /** Lost hosts: when their lease ends; dead ones at once. */
  lost: Record<string, number>;
  slots: Record<string, Slot>;
  highest: Record<string, number>;
  /** What hosts had heard from a manager that died: what they refuse of the next one by it is answered so. */
  heard: Record<string, number>;
  owner: { epoch: number; handover: string; attempt: number; host: string };
  flow: { host: string; epoch: number };
  /** The highest epoch that sdn-app has seen. */
  switchSeen: number;
  /** Where the device is. */
  place: string;
  leases: Record<string, Lease>;
  /** Redirects of sdn-app, `<host> <epoch>`. */
  used: string[];
  untold: Move[];
  burnt: number;
  intents: string[];
  durable: VehicleState | undefined;
  pending: Effect[];
  ended: string[];
  crashes: number;
}

export const beginning = (state: VehicleState, pool: string[]): Everything => {
  const { host } = state.twin.host;
  return {
    state,
    now: 10_000,
    moves: 0,
    pool,
    held: [host],
    lost: {},
    slots: { [host]: { epoch: 0, acting: true, draining: false } },
    highest: {},
    heard: {},
    owner: { epoch: 0, handover: 'registration', attempt: 0, host },
    flow: { host, epoch: 0 },
    switchSeen: 0,
    place: host.split('/')[0]!,
    leases: {},
    used: [],
    untold: [],
    burnt: 0,
    intents: [],
    durable: undefined,
    pending: [],
    ended: [],
    crashes: 0,
  };
};

/** Whether a twin there may still act: a lost host may until its lease has ended. */
export function mayAct({ lost, now }: Everything, host: string): boolean {
  const until = lost[host];
  return until === undefined || until > now;
}
