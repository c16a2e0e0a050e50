import type { Timers } from '../../common/clock.js';
import type { DatagramPort, Peer } from '../../protocol/coap/types.js';

export interface LinkFaults {
  /** Chance that a datagram is lost, 0 to 1. */
  readonly loss?: number;
  /** Chance that it arrives twice. */
  readonly duplicate?: number;
  /** Each copy takes a random time up to this; more than one datagram in flight may then change places. */
  readonly maxDelayMs?: number;
}

export interface SimulatedLink {
  /** A port of the link; datagrams go to whoever is bound to their destination. */
  port(local: Peer): DatagramPort;
  /** Changes what goes wrong from now on. */
  set(faults: LinkFaults): void;
  /** Every datagram handed to the link, in order. */
  readonly sent: { readonly from: Peer; readonly to: Peer; readonly bytes: Uint8Array }[];
}

/** Datagrams between ports in memory, with loss, copies and delay drawn from `random` (uniform in [0, 1)). */
export function simulatedLink(timers: Timers, random: () => number, start: LinkFaults = {}): SimulatedLink {
  let faults = start;
  const keyOf = (peer: Peer): string => `${peer.address}:${peer.port}`;
  const listeners = new Map<string, (bytes: Uint8Array, peer: Peer) => void>();
  const sent: SimulatedLink['sent'] = [];
  const carry = (from: Peer, to: Peer, bytes: Uint8Array): void => {
    if (random() < (faults.loss ?? 0)) return;
    timers.after(random() * (faults.maxDelayMs ?? 0), () => listeners.get(keyOf(to))?.(Uint8Array.from(bytes), from));
  };
  return {
    sent,
    set(next) {
      faults = next;
    },
    port: local => ({
      local,
      send(bytes, peer) {
        sent.push({ from: local, to: peer, bytes: Uint8Array.from(bytes) });
        carry(local, peer, bytes);
        if (random() < (faults.duplicate ?? 0)) carry(local, peer, bytes);
      },
      onDatagram(listener) {
        listeners.set(keyOf(local), listener);
      },
      [Symbol.asyncDispose]() {
        listeners.delete(keyOf(local));
        return Promise.resolve();
      },
    }),
  };
}
