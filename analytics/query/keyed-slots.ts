import { fault } from '../../protocol/errors.js';

interface Queue {
  running: number;
  readonly waiting: (() => void)[];
}

/** Lets so many jobs of one key run at once; the others wait for their turn, so many at most. */
export class KeyedSlots {
  readonly #queues = new Map<string, Queue>();
  readonly #atOnce: number;
  readonly #maxWaiting: number;

  constructor(atOnce: number, maxWaiting: number) {
    this.#atOnce = atOnce;
    this.#maxWaiting = maxWaiting;
  }

  /** COAP_BUSY where too many wait. */
  async run<T>(key: string, job: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(key) ?? { running: 0, waiting: [] };
    this.#queues.set(key, queue);
    if (queue.running >= this.#atOnce) {
      if (queue.waiting.length >= this.#maxWaiting) throw fault('COAP_BUSY', key);
      await new Promise<void>(resolve => queue.waiting.push(resolve));
    } else queue.running++;
    try {
      return await job();
    } finally {
      const next = queue.waiting.shift();
      if (next !== undefined) next();
      else if (--queue.running === 0) this.#queues.delete(key);
    }
  }
}
