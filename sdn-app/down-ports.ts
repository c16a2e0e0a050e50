import type { Place } from './redirect/view.js';
import type { SwitchEvent } from './switch/flow-switch.js';

type PortOf = Pick<Place, 'datapath' | 'port'>;

/** The ports without a carrier, as the switches tell; a switch that connects tells them all after `up`. */
export class DownPorts {
  readonly #down = new Map<number, Set<number>>();

  told(datapath: number, event: SwitchEvent): void {
    if (event.type === 'up' || event.type === 'down') this.#down.delete(datapath);
    if (event.type !== 'portStatus') return;
    const ports = this.#down.get(datapath) ?? new Set();
    ports[event.up ? 'delete' : 'add'](event.port);
    this.#down.set(datapath, ports);
  }

  has({ datapath, port }: PortOf): boolean {
    return this.#down.get(datapath)?.has(port) ?? false;
  }
}
