import { systemClock, type Clock } from '../../common/clock.js';
import { Contract, type CONTRACTS } from './contract.js';
import { Book } from './book.js';
import { Door, Refused, type Asked, type DoorOptions, type Reply } from './door.js';
import { Poster } from './poster.js';

/** A device that goes from one place to another, as whoever watches it sees it: names are the far end's. */
export interface Way {
  readonly gpsi?: string | undefined;
  readonly supi?: string | undefined;
  readonly ipv4?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly accessPoint?: string | undefined;
  /** `early`: it is about to; `late`: it has. */
  readonly phase: 'early' | 'late';
}

/** A stand-in for a core network's function or a MEC platform: takes subscriptions as its contract says, and tells of ways. */
export interface FarEnd extends AsyncDisposable {
  readonly name: (typeof CONTRACTS)[number];
  readonly door: Door;
  readonly book: Book;
  readonly poster: Poster;
  /** Answers to notifications that asked for one. */
  readonly acks: readonly unknown[];
  /** Resolves once everybody who subscribed was told. */
  tell(way: Way): Promise<void>;
}

export interface FarEndOptions extends Omit<DoorOptions, 'base'> {
  readonly clock?: Pick<Clock, 'nowMs'>;
  /** Notifications ask for an answer. */
  readonly asksForAcks?: boolean;
}

/** What the four have in common; resources and notifications are each one's own. */
export class Platform implements AsyncDisposable {
  readonly book: Book;
  readonly poster = new Poster();
  readonly acks: unknown[] = [];
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly #contract: Contract;
  #door: Door | undefined;

  constructor(name: FarEnd['name'], { clock = systemClock }: FarEndOptions) {
    this.clock = clock;
    this.book = new Book(clock);
    this.#contract = Contract.of(name);
  }

  async serve(options: FarEndOptions & { readonly base: string }, serve: (asked: Asked) => Reply): Promise<Door> {
    return (this.#door = await Door.open(options, serve));
  }

  /** The body, if it is as the contract says; else it is refused with 400. */
  checked<T = Record<string, unknown>>(schema: string, body: unknown): T {
    const fault = this.#contract.fault(schema, body);
    if (fault !== undefined) throw new Refused(400, fault);
    return body as T;
  }

  /** What goes out is held against the contract, too: a fault in it is one of this stand-in. */
  async post(url: unknown, schema: string, body: unknown): Promise<void> {
    const fault = this.#contract.fault(schema, body);
    if (fault !== undefined) throw new Error(fault);
    await this.poster.post(String(url), body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#door?.[Symbol.asyncDispose]();
    await this.poster[Symbol.asyncDispose]();
  }
}
