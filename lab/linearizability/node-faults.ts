import { delay } from '../../common/clock.js';
import type { Cluster } from '../cassandra/lab-cluster.js';

/** What happens to the nodes of a cluster, one after the other. */
export interface NodeFault {
  readonly do: 'cut off' | 'pause' | 'kill';
  readonly domain: string;
  readonly forMs: number;
  /** Until the next one. */
  readonly thenMs: number;
}

const FAULTS = {
  'cut off': {
    begin: (cluster: Cluster, domain: string) => cluster.cutOff(domain),
    end: (cluster: Cluster, domain: string) => cluster.rejoin(domain),
  },
  pause: {
    begin: (cluster: Cluster, domain: string) => Promise.resolve(cluster.node(domain).pause()),
    end: (cluster: Cluster, domain: string) => Promise.resolve(cluster.node(domain).resume()),
  },
  kill: {
    begin: (cluster: Cluster, domain: string) => cluster.node(domain).kill(),
    end: (cluster: Cluster, domain: string) => cluster.node(domain).restart(),
  },
} as const;

export const FAULT_NAMES = Object.keys(FAULTS) as readonly NodeFault['do'][];

/** Does them in order; a fault that was begun is ended, whatever happens. */
export async function doFaults(
  cluster: Cluster,
  faults: readonly NodeFault[],
  say: (text: string) => void = () => undefined,
): Promise<void> {
  for (const fault of faults) {
    const { begin, end } = FAULTS[fault.do];
    say(`${fault.do} ${fault.domain} for ${fault.forMs} ms`);
    await begin(cluster, fault.domain);
    try {
      await delay(fault.forMs);
    } finally {
      await end(cluster, fault.domain);
    }
    await delay(fault.thenMs);
  }
}

/** Faults drawn at random; `random` is uniform in [0, 1). */
export function drawFaults(
  count: number,
  names: readonly NodeFault['do'][],
  domains: readonly string[],
  random: () => number,
): NodeFault[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  return Array.from({ length: count }, () => ({
    do: pick(names),
    domain: pick(domains),
    forMs: Math.round(500 + random() * 9_500),
    thenMs: Math.round(random() * 4_000),
  }));
}
