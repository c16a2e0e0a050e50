import { Fifo } from './fifo.js';

/** `handover`: somebody's flow waits for it. `standby`: kept in stock for later. */
export type Lane = 'handover' | 'standby';

/**
 * Calls to one service, a bounded number at once; what a hand-over waits for goes before the rest. The others wait here and
 * not in sockets: the deadline of a call begins when it leaves, so that a storm makes calls late and never makes them fail, to
 * be said again and make it worse. Who waits is bounded by whoever calls: a few calls a vehicle.
 */
export class Lanes {
  readonly #atOnce: number;
  readonly #ofStandby: number;
  readonly #waiting = { handover: new Fifo<() => void>(), standby: new Fifo<() => void>() };
  #running = 0;
  #standbyRunning = 0;

  /** `ofStandby`: at most so many of those at once are for standby. */
  constructor(atOnce: number, ofStandby: number) {
    this.#atOnce = atOnce;
    this.#ofStandby = ofStandby;
  }

  run<T>(lane: Lane, call: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting[lane].add(() => {
        this.#count(lane, 1);
        call()
          .then(resolve, reject)
          .finally(() => {
            this.#count(lane, -1);
            this.#next();
          });
      });
      this.#next();
    });
  }

  #count(lane: Lane, change: 1 | -1): void {
    this.#running += change;
    if (lane === 'standby') this.#standbyRunning += change;
  }

  #next(): void {
    while (this.#running < this.#atOnce) {
      const mayStandby = this.#standbyRunning < this.#ofStandby;
      const begin = this.#waiting.handover.take() ?? (mayStandby ? this.#waiting.standby.take() : undefined);
      if (begin === undefined) return;
      begin();
    }
  }
}
