import type { HostEvent } from '../../protocol/api/vmd.js';

type Listener = (event: HostEvent) => void;

/**
 * What a host tells md-manager. The last event of each kind is kept per vehicle for as long as it holds its slot, and a
 * reader who comes (back) gets those first: none is missed because a connection was down.
 */
export class HostEvents {
  readonly #listeners = new Set<Listener>();
  readonly #kept = new Map<string, HostEvent>();

  emit(event: HostEvent): void {
    this.#kept.set(`${event.type} ${event.vehicle}`, event);
    for (const listener of this.#listeners) listener(event);
  }

  /** The slot is prepared anew, or free: what was told of it is past. */
  forget(vehicle: string): void {
    this.#kept.delete(`first-report ${vehicle}`);
    this.#kept.delete(`drained ${vehicle}`);
    this.#kept.delete(`settings ${vehicle}`);
  }

  /** The returned function ends it. */
  listen(listener: Listener): () => void {
    for (const event of this.#kept.values()) listener(event);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
