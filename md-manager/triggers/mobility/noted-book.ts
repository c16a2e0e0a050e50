import type { Clock, Timers } from '../../../common/clock.js';
import { messageOf } from '../../../common/errors.js';
import type { Log } from '../../../common/log.js';
import { fault } from '../../../protocol/errors.js';
import type { ControlStore, NoteRow } from '../../../store/types.js';
import { InTurn } from '../../in-turn.js';

/** What somebody else has left here for a time. */
export interface Noted {
  readonly id: string;
  /** Unix milliseconds; absent: it ends by a word of its owner alone. */
  readonly expiresAtMs: number | undefined;
}

export interface NotedBookDeps {
  readonly store: Pick<ControlStore, 'putNote' | 'deleteNote'>;
  /** Of the leader that writes. */
  readonly term: number;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly timers: Timers;
  readonly log: Log;
  readonly newId: () => string;
}

export interface NotedBookOptions<T extends Noted> {
  readonly kind: NoteRow['kind'];
  /** Entries at most. */
  readonly most: number;
  /** What the next leader needs to know of one. */
  readonly noteOf: (entry: T) => unknown;
  /** Called whenever one is there, or is another than before; what it gives back is called when that is over. */
  readonly onKept?: (entry: T) => () => void;
  readonly onGone?: (id: string) => void;
  readonly onSize: (size: number) => void;
}

/**
 * Entries of others that end at their time, each in the control store before it is answered, so that the next leader goes on
 * with it. Writes go one after the other.
 */
export class NotedBook<T extends Noted> implements Disposable {
  readonly #options: NotedBookOptions<T>;
  readonly #deps: NotedBookDeps;
  readonly #all = new Map<string, { readonly entry: T; readonly over: () => void }>();
  readonly #writes = new InTurn();

  constructor(options: NotedBookOptions<T>, deps: NotedBookDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Those of an earlier leader; what `entryOf` does not know, or is over, is forgotten. */
  load(notes: readonly NoteRow[], entryOf: (id: string, note: unknown) => T | undefined): void {
    const nowMs = this.#deps.clock.nowMs();
    for (const { id, note } of notes) {
      const entry = entryOf(id, note);
      if (entry !== undefined && (entry.expiresAtMs ?? Infinity) > nowMs) this.#put(entry);
      else this.#forget(id);
    }
  }

  /** READERS_FULL where there are too many; a fault of the store where it cannot be kept: then there is none. */
  add(made: (id: string) => T): Promise<T> {
    return this.#writes.run(async () => {
      const { most } = this.#options;
      if (this.#all.size >= most) throw fault('READERS_FULL', `${most}`);
      return this.#keep(made(this.#deps.newId()));
    });
  }

  /** NOT_FOUND where it has ended; a fault of the store where it cannot be kept: then it is as it was. */
  replace(id: string, made: (id: string) => T): Promise<T> {
    return this.#writes.run(() => {
      this.get(id);
      return this.#keep(made(id));
    });
  }

  /** Likewise. */
  remove(id: string): Promise<void> {
    return this.#writes.run(async () => {
      this.get(id);
      await this.#deleteNote(id);
      this.#drop(id);
    });
  }

  get(id: string): T {
    const found = this.#all.get(id);
    if (found === undefined) throw fault('NOT_FOUND', id);
    return found.entry;
  }

  all(): readonly T[] {
    return Array.from(this.#all.values(), ({ entry }) => entry);
  }

  [Symbol.dispose](): void {
    for (const { over } of this.#all.values()) over();
    this.#all.clear();
  }

  async #keep(entry: T): Promise<T> {
    const { kind, noteOf } = this.#options;
    const { store, term } = this.#deps;
    await store.putNote({ kind, id: entry.id, note: noteOf(entry) }, term);
    this.#put(entry);
    return entry;
  }

  #put(entry: T): void {
    const { id, expiresAtMs } = entry;
    const { timers, clock } = this.#deps;
    this.#all.get(id)?.over();
    const kept = this.#options.onKept?.(entry);
    const end =
      expiresAtMs === undefined
        ? undefined
        : timers.after(Math.max(0, expiresAtMs - clock.nowMs()), () => this.#expire(id));
    this.#all.set(id, {
      entry,
      over: () => {
        kept?.();
        end?.();
      },
    });
    this.#options.onSize(this.#all.size);
  }

  #expire(id: string): void {
    this.#drop(id);
    this.#forget(id);
  }

  /** Where the store is away the note stays: the next leader sees that its time is over. */
  #forget(id: string): void {
    const { kind } = this.#options;
    this.#writes
      .run(() => this.#deleteNote(id))
      .catch((error: unknown) =>
        this.#deps.log.warn({ event: 'manager.effect.failed', effect: kind, error: messageOf(error) }),
      );
  }

  #deleteNote(id: string): Promise<void> {
    return this.#deps.store.deleteNote(this.#options.kind, id, this.#deps.term);
  }

  #drop(id: string): void {
    this.#all.get(id)?.over();
    this.#all.delete(id);
    this.#options.onGone?.(id);
    this.#options.onSize(this.#all.size);
  }
}
