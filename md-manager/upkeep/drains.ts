import { every, type Clock, type Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { DrainState } from '../../protocol/api/pools.js';
import type { ControlStore, NoteRow } from '../../store/types.js';
import type { Standby } from '../arming/standby.js';
import type { Runner } from '../handover/runner.js';
import type { VehicleState } from '../handover/state.js';
import { InTurn } from '../in-turn.js';
import type { Mano } from '../mano/mano.js';
import type { Pool } from '../pool/pool.js';

export interface DrainsDeps {
  readonly store: Pick<ControlStore, 'putNote' | 'deleteNote'>;
  readonly mano: Pick<Mano, 'list'>;
  readonly pool: Pick<Pool, 'drain' | 'draining' | 'keep' | 'ref' | 'running'>;
  readonly runner: Pick<Runner, 'namedBy' | 'state' | 'order'>;
  readonly standby: Pick<Standby, 'leave'>;
  /** Under which the notes are written. */
  readonly term: number;
  readonly newId: () => string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

const LOOK_MS = 250;
/** Twins of one host that move away at once. */
const AT_ONCE = 64;
/** A twin that found no slot elsewhere asks again after so long; so does a note that could not be taken back. */
const AGAIN_MS = 5_000;

/**
 * Empties hosts for maintenance: each twin goes over to another host by an ordinary hand-over, standby slots are given back, and the
 * pool ends the host once nobody holds a slot there. A twin that finds no other place stays, and tries again. Each drain is noted in
 * the control store before it is answered, and until the host is gone: the next leader goes on with it.
 */
export class Drains {
  readonly #deps: DrainsDeps;
  /** Vehicle → when it may try again (monotonic). */
  readonly #later = new Map<string, number>();
  /** Host → when its note may be taken back (monotonic), of those that have one. */
  readonly #noted = new Map<string, number>();
  readonly #stop: () => void;
  /** Orders and their ends. */
  readonly #writes = new InTurn();

  /** `notes`: of an earlier leader; the hosts that they mean are drained from here on. */
  constructor(notes: readonly NoteRow[], deps: DrainsDeps) {
    this.#deps = deps;
    for (const { id: host, note } of notes) {
      // One that is gone, or has the name of one that is gone, has not been meant.
      const isMeant = this.#processOf(host) === (note as { process?: unknown }).process;
      this.#noted.set(host, 0);
      if (isMeant && deps.pool.ref(host) !== undefined) this.#continue(host);
      else this.#forget(host);
    }
    this.#stop = every(deps.timers, LOOK_MS, () => this.#look());
  }

  /** NOT_FOUND where no such host runs; a fault of the store where it cannot be noted: then nothing has changed. */
  async order(host: string): Promise<DrainState> {
    const { pool, store, term } = this.#deps;
    pool.running(host);
    const process = this.#processOf(host);
    await this.#writes.run(async () => {
      await store.putNote({ kind: 'drain', id: host, note: { process } }, term);
      this.#noted.set(host, 0);
      pool.drain(host);
    });
    this.#look();
    return { host, held: pool.draining().get(host) ?? 0 };
  }

  /** The host is kept after all; whoever has left stays away. NOT_FOUND where it does not run any more. */
  async cancel(host: string): Promise<DrainState> {
    const { pool, store, term } = this.#deps;
    pool.running(host);
    await this.#writes.run(async () => {
      await store.deleteNote('drain', host, term);
      this.#noted.delete(host);
      pool.keep(host);
    });
    return { host, held: pool.running(host).held.size };
  }

  /** A host comes and goes: nobody is to be sent there by a standby slot; one that is given up is to be empty, as if somebody had ordered it. */
  flaps(host: string, how: 'for-now' | 'for-good'): void {
    if (how === 'for-now') this.#deps.standby.leave(host);
    else this.#giveUp(host);
  }

  #giveUp(host: string): void {
    this.order(host).catch((error: unknown) =>
      this.#deps.log.warn({ event: 'manager.effect.failed', effect: 'drain', host, error: messageOf(error) }),
    );
  }

  close(): void {
    this.#stop();
  }

  #continue(host: string): void {
    try {
      this.#deps.pool.drain(host);
    } catch (error) {
      // Out of reach: it is ended anyway.
      this.#deps.log.debug({ event: 'manager.effect.failed', effect: 'drain', host, error: messageOf(error) });
    }
  }

  /** The process that a note means: names are given again. */
  #processOf(host: string): string | undefined {
    const found = this.#deps.mano.list().find(instance => instance.host === host);
    return found === undefined ? undefined : (found.enrolment ?? `${found.pid}/${found.startTicks}`);
  }

  #forget(host: string): void {
    const { store, term, clock, log } = this.#deps;
    this.#noted.set(host, clock.monotonicMs() + AGAIN_MS);
    const taken = this.#writes.run(async () => {
      await store.deleteNote('drain', host, term);
      this.#noted.delete(host);
    });
    taken.catch((error: unknown) =>
      log.warn({ event: 'manager.effect.failed', effect: 'drain', host, error: messageOf(error) }),
    );
  }

  #look(): void {
    const { pool, standby, clock } = this.#deps;
    const draining = pool.draining();
    if (draining.size === 0) this.#later.clear();
    for (const host of draining.keys()) {
      standby.leave(host);
      this.#moveAway(host);
    }
    for (const [host, fromMs] of this.#noted)
      if (pool.ref(host) === undefined && fromMs <= clock.monotonicMs()) this.#forget(host);
  }

  #moveAway(host: string): void {
    const { runner, clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    const states = runner.namedBy(host).flatMap(vehicle => runner.state(vehicle) ?? []);
    const here = states.filter(({ twin }) => twin.host.host === host);
    let underWay = states.filter(({ run }) => run !== undefined).length;
    for (const state of here) {
      if (underWay >= AT_ONCE) return;
      const { vehicle } = state;
      if (state.run !== undefined || (this.#later.get(vehicle) ?? 0) > nowMs) continue;
      if (this.#order(state) !== 'started') continue;
      this.#later.set(vehicle, nowMs + AGAIN_MS);
      underWay++;
    }
  }

  #order({ vehicle, attachment, twin }: VehicleState): ReturnType<Runner['order']> {
    const { runner, newId } = this.#deps;
    // Home first, else where the twin is now.
    const domains = [...new Set([attachment?.domain ?? twin.host.domain, twin.host.domain])];
    return runner.order(vehicle, { id: newId(), kind: 'drain', domains });
  }
}
