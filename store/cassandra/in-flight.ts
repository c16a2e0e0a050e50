import { fault } from '../../protocol/errors.js';

/** How many requests may be with the cluster at once, and how many wait for that; beyond both, STORE_FAILED. */
export class InFlight {
  readonly #max: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #first = 0;
  #running = 0;

  constructor(max: number, maxWaiting: number) {
    this.#max = max;
    this.#maxWaiting = maxWaiting;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length - this.#first;
  }

  async run<T>(request: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#max) await this.#turn();
    else this.#running++;
    try {
      return await request();
    } finally {
      this.#next();
    }
  }

  /** Resolves with the place of a request that has ended. */
  #turn(): Promise<void> {
    if (this.waiting >= this.#maxWaiting)
      return Promise.reject(fault('STORE_FAILED', `${this.waiting} requests wait for the cluster`));
    return new Promise(resolve => this.#waiting.push(resolve));
  }

  #next(): void {
    const next = this.#waiting[this.#first];
    if (next === undefined) {
      this.#running--;
      return;
    }
    this.#first++;
    // A shift per request would move the whole queue each time.
    if (this.#first > 1_024 || this.#first === this.#waiting.length) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    next();
  }
}
