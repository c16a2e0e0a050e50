import type { Flow } from '../flow-switch.js';
import { Writer } from './bytes.js';
import type { Incoming } from './incoming.js';
import { barrier, bundleAdd, bundleControl, flowMod, type Write } from './messages.js';

/**
 * What a switch can beyond OpenFlow 1.3, found out before it is announced: a bundle with a flow that moves a field into a
 * register is opened and discarded. A switch without bundles gets that flow and loses it again; no frame is of its kind.
 */
const FLOW: Flow = {
  table: 0,
  priority: 0,
  cookie: 0,
  match: { ethDst: { value: 0x02ed9effffff, mask: 2 ** 48 - 1 } },
  actions: [
    { do: 'move', from: { field: 'inPort', offset: 0, length: 16 }, to: { field: 'reg0', offset: 0, length: 16 } },
  ],
};
const BUNDLE = 0xffffffff;

export class Probe {
  readonly #nextXid: () => number;
  readonly #write: (bytes: Uint8Array) => void;
  /** Of the bundle's opening and discarding. */
  #controls: readonly number[] = [];
  #flow = 0;
  #barrier = 0;
  bundles = true;
  moves = true;

  constructor(nextXid: () => number, write: (bytes: Uint8Array) => void) {
    this.#nextXid = nextXid;
    this.#write = write;
  }

  start(): void {
    const [opened = 0, flow = 0, discarded = 0, last = 0] = this.#send([
      bundleControl('open', BUNDLE),
      bundleAdd(BUNDLE, flowMod({ op: 'add', flow: FLOW })),
      bundleControl('discard', BUNDLE),
      barrier,
    ]);
    this.#controls = [opened, discarded];
    this.#flow = flow;
    this.#barrier = last;
  }

  /** Whether the answers are complete. */
  heard({ type, xid }: Incoming): boolean {
    if (type === 'error') {
      if (this.#controls.includes(xid)) this.bundles = false;
      else if (xid === this.#flow) this.moves = false;
      return false;
    }
    if (type !== 'barrier' || xid !== this.#barrier) return false;
    if (this.bundles || this.#controls.length === 0) return true;
    // without bundles the flow was refused for that alone
    this.moves = true;
    this.#controls = [];
    const [flow = 0, , last = 0] = this.#send([
      flowMod({ op: 'add', flow: FLOW }),
      flowMod({ op: 'delete', flow: FLOW }),
      barrier,
    ]);
    this.#flow = flow;
    this.#barrier = last;
    return false;
  }

  /** The xid of each. */
  #send(writes: readonly Write[]): number[] {
    const to = new Writer();
    const xids = writes.map(write => {
      const xid = this.#nextXid();
      write(to, xid);
      return xid;
    });
    this.#write(to.bytes);
    return xids;
  }
}
