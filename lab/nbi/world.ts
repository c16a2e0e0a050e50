import { randomUUID } from 'node:crypto';
import type { Clock } from '../../common/clock.js';
import { Refused, notFound } from './answer.js';
import type { NbiProfile } from './profile.js';

/** A stored object: `_admin` is the interface's, the rest is of its kind. */
export type Stored = Record<string, unknown> & { _id: string; _admin: Record<string, unknown> };

export const COLLECTIONS = ['vims', 'vnfds', 'nsds', 'nsrs', 'vnfrs', 'operations', 'subscriptions'] as const;
export type Collection = (typeof COLLECTIONS)[number];

/** All that an interface remembers. One project; its id bounds what errors say, as the real one's do. */
export class NbiWorld {
  readonly profile: NbiProfile;
  readonly clock: Clock;
  readonly project = randomUUID();
  /** Function's package (its id) → its cloud-init template. */
  readonly cloudInits = new Map<string, string>();
  readonly #objects = new Map<Collection, Map<string, Stored>>(COLLECTIONS.map(name => [name, new Map()]));

  constructor(profile: NbiProfile, clock: Clock) {
    this.profile = profile;
    this.clock = clock;
  }

  /** Seconds with fractions, as all its times. */
  now(): number {
    return this.clock.nowMs() / 1000;
  }

  newId(): string {
    return randomUUID();
  }

  all(collection: Collection): Stored[] {
    return [...this.#of(collection).values()];
  }

  find(collection: Collection, id: string): Stored | undefined {
    return this.#of(collection).get(id);
  }

  get(collection: Collection, id: string, doing?: string): Stored {
    const found = this.find(collection, id);
    if (found === undefined) throw notFound(id, this.project, doing);
    return found;
  }

  /** Keeps an object; times and project are filled in. */
  put(
    collection: Collection,
    object: Record<string, unknown> & { _id: string },
    admin: Record<string, unknown> = {},
  ): Stored {
    const now = this.now();
    const stored = {
      ...object,
      _admin: {
        ...{ created: now, modified: now },
        ...{ projects_read: [this.project], projects_write: [this.project] },
        ...admin,
      },
    };
    this.#of(collection).set(stored._id, stored);
    return stored;
  }

  remove(collection: Collection, id: string): void {
    this.#of(collection).delete(id);
  }

  /** Filters of SOL 005 §4.3.2 as far as equality of paths goes: `a.b.eq=x`, `a.b=x`. */
  select(collection: Collection, query: URLSearchParams): Stored[] {
    const wanted = [...query].filter(([name]) => !/^[A-Z_]+$/.test(name));
    return this.all(collection).filter(object =>
      wanted.every(([name, values]) => {
        const path = name.replace(/\.(eq|neq|gt|lt|gte|lte|cont|ncont)$/, '').split('.');
        const operator = /\.(neq|gt|lt|gte|lte|cont|ncont)$/.exec(name)?.[1];
        if (operator !== undefined) throw new Refused(400, `Invalid query string '${name}' is not supported here`);
        const found = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);
        return values.split(',').includes(String(found));
      }),
    );
  }

  #of(collection: Collection): Map<string, Stored> {
    const found = this.#objects.get(collection);
    if (found === undefined) throw new Error(`no collection ${collection}`);
    return found;
  }
}
