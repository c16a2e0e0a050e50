import type { SwitchEvent, SwitchRefusal } from './flow-switch.js';

/** Who listens to one switch, and which of its ports are down: who comes later hears of both, as if they happened then. */
export class Audience {
  readonly #datapath: number;
  readonly #listeners = new Set<(event: SwitchEvent) => void>();

  constructor(datapath: number) {
    this.#datapath = datapath;
  }

  /** `there`: the ports that are down of a switch that is connected. Returns its end. */
  add(listener: (event: SwitchEvent) => void, there: Iterable<number> | undefined): () => void {
    this.#listeners.add(listener);
    if (there !== undefined) for (const event of this.#greeting(there)) listener(event);
    return () => this.#listeners.delete(listener);
  }

  tell(event: SwitchEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** The switch is there: everybody hears `up`, then of the ports that are down. */
  greet(portsDown: Iterable<number>): void {
    for (const event of this.#greeting(portsDown)) this.tell(event);
  }

  *#greeting(portsDown: Iterable<number>): Generator<SwitchEvent> {
    yield { type: 'up' };
    for (const port of portsDown) yield { type: 'portStatus', datapath: this.#datapath, port, up: false };
  }
}

export const SLAVE: SwitchRefusal = {
  type: 'BAD_REQUEST',
  code: 'IS_SLAVE',
  detail: 'a higher term leads this switch',
};
