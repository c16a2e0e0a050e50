import type { Timers } from '../../../common/clock.js';
import { messageOf } from '../../../common/errors.js';
import type { PacketIn } from '../flow-switch.js';
import type { Said } from '../led-switch.js';
import { Framing } from './framing.js';
import { readMessage, type Incoming, type PortState } from './incoming.js';
import {
  VERSION,
  bytesOf,
  echoReply,
  echoRequest,
  featuresRequest,
  hello,
  portsRequest,
  setConfig,
  unreadable,
} from './messages.js';
import { Probe } from './probe.js';
import { Requests } from './requests.js';

export interface SessionOptions {
  /** Of the peer, for messages. */
  readonly name: string;
  readonly timers: Timers;
  readonly deadlineMs: number;
  /** Between two looks at whether the switch is alive. */
  readonly echoIntervalMs: number;
  /** So many looks in a row may find that nothing came; with one more the switch is given up; 0: never. */
  readonly echoMisses: number;
  readonly write: (bytes: Uint8Array) => void;
  /** Ends the connection, at once or when what was written is out; `lost` follows. */
  readonly close: (when?: 'written') => void;
  /** The switch is known: its number, what it can, its ports. */
  readonly onUp: (session: Session) => void;
  readonly onCopy: (copy: Omit<PacketIn, 'datapath'>) => void;
  readonly onPort: (port: PortState) => void;
  /** What came is no OpenFlow 1.3; the connection is given up. */
  readonly onBroken: (detail: string) => void;
}

/** A switch has so long until it is known. */
const KNOWN_WITHIN_MS = 5_000;
const XIDS = 2 ** 32;
type Step = 'hello' | 'features' | 'probe' | 'up' | 'closed';

/** One connection of a switch, from hello on (OpenFlow 1.3.5 §6.3); it does no I/O of its own. */
export class Session {
  readonly #options: SessionOptions;
  readonly #framing: Framing;
  readonly #probe: Probe;
  #requests: Requests | undefined;
  readonly #portsDown = new Set<number>();
  #step: Step = 'hello';
  #datapath = 0;
  #portsKnown = false;
  #probed = false;
  #xid = 0;
  #heard = 0;
  #cancelKnown = (): void => undefined;
  #cancelEcho = (): void => undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#framing = new Framing(message => this.#received(message));
    this.#probe = new Probe(this.#nextXid, options.write);
  }

  /** 0 before it is known. */
  get datapath(): number {
    return this.#datapath;
  }

  get said(): Said {
    const { bundles, moves } = this.#probe;
    return { bundles, moves, portsDown: this.#portsDown };
  }

  /** Once it is up. */
  get requests(): Requests | undefined {
    return this.#requests;
  }

  start(): void {
    const { timers, write, close } = this.#options;
    write(bytesOf(hello, this.#nextXid()));
    this.#cancelKnown = timers.after(KNOWN_WITHIN_MS, () => close());
    this.#echo(this.#heard, 0);
  }

  receive(chunk: Uint8Array): void {
    if (this.#step === 'closed') return;
    try {
      if (!this.#framing.push(chunk)) this.#broken('a message shorter than its header');
    } catch (error) {
      this.#broken(messageOf(error));
    }
  }

  /** The connection has ended. */
  lost(): void {
    this.#step = 'closed';
    this.#cancelKnown();
    this.#cancelEcho();
    this.requests?.gone();
  }

  #nextXid = (): number => {
    this.#xid = (this.#xid + 1) % XIDS;
    return this.#xid;
  };

  #broken(detail: string): void {
    if (this.#step === 'closed') return;
    const { write, close, onBroken } = this.#options;
    this.#step = 'closed';
    write(bytesOf(unreadable, this.#nextXid()));
    onBroken(detail);
    // who is refused hears why
    close('written');
  }

  #echo(heardBefore: number, missed: number): void {
    const { timers, echoIntervalMs, echoMisses, write, close } = this.#options;
    this.#cancelEcho = timers.after(echoIntervalMs, () => {
      const misses = this.#heard === heardBefore ? missed + 1 : 0;
      if (echoMisses > 0 && misses > echoMisses) return close();
      const heard = this.#heard;
      // a switch that hears of nothing gives its controller up, so it is asked also where it speaks
      write(bytesOf(echoRequest, this.#nextXid()));
      this.#echo(heard, misses);
    });
  }

  #received(bytes: Uint8Array): void {
    if (this.#step === 'closed') return;
    const message = readMessage(bytes);
    this.#heard++;
    if (message.type === 'echoRequest') this.#options.write(bytesOf(echoReply(message.data), message.xid));
    else if (this.#step === 'up') this.#told(message);
    else this.#greeted(message);
  }

  #greeted(message: Incoming): void {
    const { write } = this.#options;
    if (message.type === 'hello') {
      if (message.version < VERSION) return this.#broken(`version ${message.version} of OpenFlow`);
      this.#step = 'features';
      write(bytesOf(featuresRequest, this.#nextXid()));
    } else if (message.type === 'features' && this.#step === 'features') {
      this.#step = 'probe';
      this.#datapath = message.datapath;
      write(bytesOf(setConfig, this.#nextXid()));
      write(bytesOf(portsRequest, this.#nextXid()));
      this.#probe.start();
    } else if (message.type === 'ports') {
      for (const port of message.ports) this.#keepPort(port);
      this.#portsKnown = !message.more;
    } else if (message.type === 'portStatus') this.#keepPort(message);
    else if (this.#step === 'probe' && this.#probe.heard(message)) this.#probed = true;
    if (this.#step === 'probe' && this.#probed && this.#portsKnown) this.#up();
  }

  #up(): void {
    const { name, timers, deadlineMs, write, close, onUp } = this.#options;
    this.#cancelKnown();
    this.#step = 'up';
    const { bundles } = this.#probe;
    this.#requests = new Requests({
      ...{ name, bundles, timers, deadlineMs, write },
      nextXid: this.#nextXid,
      onHung: () => close(),
    });
    onUp(this);
  }

  #told(message: Incoming): void {
    if (message.type === 'packetIn') this.#options.onCopy(message.copy);
    else if (message.type === 'portStatus') {
      this.#keepPort(message);
      this.#options.onPort(message);
    }
    this.requests?.heard(message);
  }

  #keepPort({ port, up }: PortState): void {
    if (up) this.#portsDown.delete(port);
    else this.#portsDown.add(port);
  }
}
