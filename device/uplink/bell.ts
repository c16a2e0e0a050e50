import type { Timers } from '../../common/clock.js';

/** Cuts a wait short. One waits at a time. */
export class Bell {
  #notify: (() => void) | undefined;

  ring(): void {
    this.#notify?.();
  }

  /** Resolves after `ms`, or when it rings; rejects with the signal's reason. */
  wait(ms: number, signal: AbortSignal, timers: Timers): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => settle(() => reject(signal.reason as Error));
      const cancel = timers.after(ms, () => settle(resolve));
      const settle = (finish: () => void): void => {
        cancel();
        this.#notify = undefined;
        signal.removeEventListener('abort', onAbort);
        finish();
      };
      this.#notify = () => settle(resolve);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
