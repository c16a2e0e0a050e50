import type { ControlStore } from '../../store/types.js';
import type { Mano } from '../mano/mano.js';
import type { Tenure } from './tenure.js';

/** What a leader does to the world goes through here, and nothing leaves once its lease has run out. */

const READS: ReadonlySet<string | symbol> = new Set<keyof ControlStore>([
  ...(['device', 'devices', 'owner', 'owners', 'highestEpoch', 'highestEpochs', 'instances'] as const),
  ...(['handover', 'openHandovers', 'handovers', 'standbys', 'serviceLease', 'orders'] as const),
  ...(['settings', 'allSettings', 'notes'] as const),
]);

/** Every write first looks whether the lease holds: MANAGER_NOT_LEADER. */
export function fencedStore(store: ControlStore, { check }: Pick<Tenure, 'check'>): ControlStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      if (typeof name === 'symbol' || READS.has(name)) return call;
      return async (...args: unknown[]) => {
        check();
        return call(...args);
      };
    },
  });
}

/** Hosts are started and ended by a leader alone; one that is to end waits for a lease that has run out to hold again. */
export function fencedMano(mano: Mano, tenure: Pick<Tenure, 'check' | 'held'>): Mano {
  const before: Readonly<Record<string, () => Promise<void> | void>> = {
    ...{ start: tenure.check, stop: tenure.held, reconcile: tenure.check },
  };
  return new Proxy(mano, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      const look = before[String(name)];
      if (look === undefined) return call;
      return async (...args: unknown[]) => {
        await look();
        return call(...args);
      };
    },
  });
}

/** For the clients of hosts and sdn-app: nothing leaves without the lease, and who has seen a higher term ends this one. */
export interface Fence {
  readonly check: () => void;
  readonly depose: () => void;
}
