import type { Timers } from '../../../../../common/clock.js';
import { CassandraControlStore } from '../../../../../store/cassandra/control/control-store.js';
import type { MemoryControlSession } from '../../../../fakes/memory-control-session.js';
import { type Fate } from '../../../../fakes/memory-control-session.js';
import { seededRandom } from '../../../../../lab/seeded-random.js';

/** Pauses are over at once, in their order. */
export const immediately: Timers = {
  after(_, fn) {
    const turn = setImmediate(fn);
    return () => clearImmediate(turn);
  },
};

let burns = 0;

/** A store over a cluster in memory. */
export function memoryControlStore(session: MemoryControlSession, seed = 1): CassandraControlStore {
  const newId = (): string => `burn-${++burns}`;
  return new CassandraControlStore({ session, timers: immediately, random: seededRandom(seed), newId });
}

/** One request of this name has this fate; all others are done. */
export function once(session: MemoryControlSession, name: string, fate: Fate): void {
  session.fate = statement => {
    if (statement.name !== name) return 'done';
    session.fate = () => 'done';
    return fate;
  };
}

/** All requests of these names have these fates. */
export function always(session: MemoryControlSession, fates: Readonly<Record<string, Fate>>): void {
  session.fate = statement => fates[statement.name] ?? 'done';
}
