/** An event as it went out to readers. */
export interface SentEvent {
  readonly number: number;
  /** The vehicle that it is about; undefined: it is for all. */
  readonly about: string | undefined;
  readonly text: string;
}

const MAX_EVENTS = 20_000;
const MAX_CHARS = 8_388_608;

export type Missed = { readonly events: readonly SentEvent[] } | { readonly why: string };

/** The last events of a stream, for readers that were away for a moment. Ids are `<run>-<number>`. Pure. */
export class ReplayBuffer {
  readonly #run: string;
  readonly #maxEvents: number;
  readonly #maxChars: number;
  #events: SentEvent[] = [];
  /** Events before it are forgotten, and cut off now and then. */
  #first = 0;
  #chars = 0;
  #number = 0;

  constructor(run: string, limits: { readonly maxEvents?: number; readonly maxChars?: number } = {}) {
    this.#run = run;
    this.#maxEvents = limits.maxEvents ?? MAX_EVENTS;
    this.#maxChars = limits.maxChars ?? MAX_CHARS;
  }

  /** Of the newest event: also of a snapshot that is made after it. */
  get lastId(): string {
    return `${this.#run}-${this.#number}`;
  }

  add(about: string | undefined, text: (id: string) => string): SentEvent {
    const number = ++this.#number;
    const event = { number, about, text: text(`${this.#run}-${number}`) };
    this.#events.push(event);
    this.#chars += event.text.length;
    while (this.#events.length - this.#first > this.#maxEvents || this.#chars > this.#maxChars)
      this.#chars -= this.#events[this.#first++]?.text.length ?? 0;
    if (this.#first > this.#events.length / 2) {
      this.#events = this.#events.slice(this.#first);
      this.#first = 0;
    }
    return event;
  }

  /** What came after an event; `why` where that cannot be told. */
  since(lastEventId: string): Missed {
    const [, run, digits] = /^(.+)-(\d{1,15})$/.exec(lastEventId) ?? [];
    if (run !== this.#run || digits === undefined) return { why: 'analytics has been started anew since' };
    const number = Number(digits);
    if (number > this.#number) return { why: 'no such event was sent' };
    const oldest = this.#number - (this.#events.length - this.#first) + 1;
    if (number + 1 < oldest) return { why: `events before ${this.#run}-${oldest} are no longer kept` };
    return { events: this.#events.slice(this.#first + number + 1 - oldest) };
  }
}
