/** Calls one after the other, whatever becomes of each: what was asked for last holds. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(call: () => Promise<T>): Promise<T> {
    const done = this.#last.then(call);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
