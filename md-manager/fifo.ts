/** First in, first out; neither end walks through the rest. */
export class Fifo<T> {
  #in: T[] = [];
  #out: T[] = [];

  add(item: T): void {
    this.#in.push(item);
  }

  /** The one that is next, which stays. */
  peek(): T | undefined {
    if (this.#out.length === 0) {
      this.#out = this.#in.reverse();
      this.#in = [];
    }
    return this.#out.at(-1);
  }

  take(): T | undefined {
    this.peek();
    return this.#out.pop();
  }
}
