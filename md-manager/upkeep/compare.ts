import type { Reconciliation } from '../../protocol/api/pools.js';
import type { HostHealth } from '../../protocol/api/vmd.js';

type Finding = Reconciliation['findings'][number]['finding'];

/** A slot that those who should know of it do not agree on. */
export interface Difference {
  readonly finding: Extract<Finding, `slot-${string}`>;
  readonly host: string;
  /** A vehicle, or whatever else the books name. */
  readonly holder: string;
}

export interface Sides {
  /** Host → who holds its slots by the pool's books. */
  readonly books: ReadonlyMap<string, readonly string[]>;
  /** Host → its own word. */
  readonly healths: ReadonlyMap<string, HostHealth>;
  /** Whether anybody lays claim to a slot of this host for this holder: a twin, a hand-over, a lease, a registration. */
  readonly claimed: (holder: string, host: string) => boolean;
  /** Whether the host has to know of it: not, where nobody has told it yet. */
  readonly isVehicle: (holder: string) => boolean;
}

/**
 * What books, hosts and claims differ in, of the hosts that answered: pure. A slot on its way shows as a difference for a moment: only
 * what is found twice is one.
 */
export function differences({ books, healths, claimed, isVehicle }: Sides): Difference[] {
  const found: Difference[] = [];
  for (const [host, { slots }] of healths) {
    const there = new Set(slots.flatMap(({ vehicle }) => vehicle ?? []));
    const booked = new Set(books.get(host) ?? []);
    for (const holder of there) if (!claimed(holder, host)) found.push({ finding: 'slot-unknown', host, holder });
    for (const holder of booked) {
      if (!claimed(holder, host)) {
        // Where the host keeps it too, it is given back there first, and the books follow.
        if (!there.has(holder)) found.push({ finding: 'slot-unheld', host, holder });
      } else if (isVehicle(holder) && !there.has(holder)) found.push({ finding: 'slot-missing', host, holder });
    }
  }
  return found;
}

/** Those of the second look that were there at the first. */
export function lasting(first: readonly Difference[], second: readonly Difference[]): Difference[] {
  const keyOf = ({ finding, host, holder }: Difference): string => `${finding} ${host} ${holder}`;
  const before = new Set(first.map(keyOf));
  return second.filter(difference => before.has(keyOf(difference)));
}
