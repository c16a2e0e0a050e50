import { fault } from '../../protocol/errors.js';
import type { CasOutcome, ControlStore } from '../../store/types.js';

export type Cas = 'insertDevice' | 'insertOwner' | 'claim' | 'putServiceLease' | 'putSettings';

/** What a control store of several domains does and an embedded one does not: it is away, and outcomes are unknown. */
export class StoreFaults {
  /** Nothing is answered. */
  away = false;
  /** What becomes of the next compare-and-sets of this name whose outcome nobody hears. */
  readonly unknown = new Map<Cas, ('applied' | 'not applied')[]>();
  /** Names of the calls, in order. */
  readonly calls: string[] = [];

  over(store: ControlStore): ControlStore {
    return new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function' || typeof name === 'symbol') return bind(value, target);
        return (...args: unknown[]) => this.#call(name, () => Reflect.apply(value, target, args) as Promise<unknown>);
      },
    });
  }

  async #call(name: string, call: () => Promise<unknown>): Promise<unknown> {
    this.calls.push(name);
    if (this.away) throw fault('STORE_AWAY', name);
    const lost = this.unknown.get(name as Cas)?.shift();
    if (lost === 'applied') await call();
    return lost === undefined ? call() : ('unknown' satisfies CasOutcome);
  }
}

const bind = (value: unknown, target: object): unknown => (typeof value === 'function' ? value.bind(target) : value);
