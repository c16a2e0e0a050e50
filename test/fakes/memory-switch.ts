import { fault } from '../../protocol/errors.js';
import {
  inSlice,
  type Batch,
  type CookieSlice,
  type FlowStats,
  type FlowSwitch,
  type PacketIn,
  type SwitchEvent,
} from '../../sdn-app/switch/flow-switch.js';
import { flowKey } from '../../sdn-app/switch/flow-text.js';

/** The state of one switch, which several controllers may reach; it keeps its flows while they come and go. */
export class SwitchState {
  readonly flows = new Map<string, FlowStats>();
  readonly meters = new Set<number>();
  term = 0;
}

/** A FlowSwitch without a wire: batches are applied in order; the test holds them up, cuts the connection, sends events. */
export class MemorySwitch implements FlowSwitch {
  readonly datapath: number;
  readonly abilities = { bundles: true, moves: true, errors: true, packetIns: true };
  readonly state: SwitchState;
  /** Every batch that was applied, with what else happened on other switches of the same journal. */
  readonly journal: { readonly datapath: number; readonly batch: Batch }[];
  /** Awaited before each batch and read. */
  gate: Promise<void> = Promise.resolve();
  connected = true;
  /** Flows of one read at most; for the bound of memory. */
  mostRead = 0;
  reads = 0;
  #term = 0;
  #order: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<(event: SwitchEvent) => void>();

  constructor(datapath: number, state = new SwitchState(), journal: MemorySwitch['journal'] = []) {
    this.datapath = datapath;
    this.state = state;
    this.journal = journal;
  }

  apply(batch: Batch): Promise<void> {
    return this.#inOrder(() => {
      if (this.#term < this.state.term) {
        const cause = { type: 'BAD_REQUEST', code: 'IS_SLAVE', detail: 'a higher term leads' };
        throw fault('SWITCH_REFUSED', cause.detail, { cause });
      }
      this.journal.push({ datapath: this.datapath, batch });
      for (const mod of batch.meters) this.state.meters[mod.op === 'set' ? 'add' : 'delete'](mod.meter);
      for (const mod of batch.flows) this.#change(mod);
    });
  }

  readFlows(slice: CookieSlice): Promise<readonly FlowStats[]> {
    return this.#inOrder(() => {
      const found = [...this.state.flows.values()].filter(({ cookie }) => inSlice(cookie, slice));
      this.reads++;
      this.mostRead = Math.max(this.mostRead, found.length);
      return found;
    });
  }

  lead(term: number): Promise<void> {
    return this.#inOrder(() => {
      if (term < this.state.term) throw fault('SWITCH_REFUSED', `term ${this.state.term} leads`);
      this.state.term = term;
      this.#term = term;
    });
  }

  listen(listener: (event: SwitchEvent) => void): () => void {
    this.#listeners.add(listener);
    if (this.connected) listener({ type: 'up' });
    return () => this.#listeners.delete(listener);
  }

  tell(event: SwitchEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  packetIn(event: Omit<PacketIn, 'datapath'>): void {
    this.tell({ type: 'packetIn', datapath: this.datapath, ...event });
  }

  cut(): void {
    this.connected = false;
    this.tell({ type: 'down' });
  }

  mend(): void {
    this.connected = true;
    this.tell({ type: 'up' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #change(mod: Batch['flows'][number]): void {
    const { flows } = this.state;
    if (mod.op === 'add') flows.set(flowKey(mod.flow), { ...mod.flow, packets: 0 });
    else if (mod.op === 'delete') flows.delete(flowKey(mod.flow));
    else for (const [key, { cookie }] of [...flows]) if (inSlice(cookie, mod)) flows.delete(key);
  }

  async #inOrder<T>(work: () => T): Promise<T> {
    const before = this.#order;
    const turn = (async () => {
      await before;
      await this.gate;
      if (!this.connected) throw fault('SWITCH_AWAY', `switch ${this.datapath}`);
      return work();
    })();
    this.#order = turn.catch(() => undefined);
    return turn;
  }
}
