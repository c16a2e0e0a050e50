import type { Datagram } from './pcap.js';

/** What the captures say of one car: its numbered datagrams, and where each was seen. Pure. */

/** One sight of a numbered datagram, or of the answer to it. */
export interface Sight {
  readonly atMs: number;
  readonly number: number;
  /** Device of the car, or place of the host. */
  readonly where: string;
}

export interface CarLog {
  /** Datagrams as they left the car, in the order of time, by device. */
  readonly sent: readonly Sight[];
  /** Answers as they came to the car. */
  readonly answered: readonly Sight[];
  /** Datagrams as they came to hosts, all hosts together, in the order of time. */
  readonly arrived: readonly Sight[];
  /** Answers as they left hosts. */
  readonly replied: readonly Sight[];
}

const CON = 0x40;
const RST = 0x70;

/**
 * The number of a CoAP ping or of its answer: an empty confirmable message is answered with a reset that repeats its message
 * id (RFC 7252 §4.3), so numbers are modulo 2^16. `undefined` for any other message.
 */
export function pingOf({ payload }: Datagram): { readonly kind: 'ping' | 'answer'; readonly id: number } | undefined {
  const [head, code, high = 0, low = 0] = payload;
  if (payload.length !== 4 || code !== 0) return undefined;
  const id = high * 256 + low;
  if (head === CON) return { kind: 'ping', id };
  return head === RST ? { kind: 'answer', id } : undefined;
}

/** Whole numbers from 0 on, from those modulo 2^16: each is the one nearest to the one before. */
export function unwrapper(): (id: number) => number {
  let last = 0;
  return id => {
    const ahead = (id - last) & 0xffff;
    last += ahead < 0x8000 ? ahead : ahead - 0x10000;
    return last;
  };
}

/** Sights of one stream: `datagrams` in the order of time, `where` says where each was, `undefined` leaves it out. */
export function sightsOf(
  datagrams: Iterable<Datagram>,
  kind: 'ping' | 'answer',
  where: (datagram: Datagram) => string | undefined,
): Sight[] {
  const whole = unwrapper();
  const sights: Sight[] = [];
  for (const datagram of datagrams) {
    const ping = pingOf(datagram);
    const at = ping?.kind === kind ? where(datagram) : undefined;
    if (ping !== undefined && at !== undefined) sights.push({ atMs: datagram.atMs, number: whole(ping.id), where: at });
  }
  return sights;
}
