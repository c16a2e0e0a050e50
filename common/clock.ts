/** Time as an argument: services get a clock, pure code gets `now`. */
export interface Clock {
  /** Milliseconds since the Unix epoch, UTC; may step. */
  nowMs(): number;
  /** Milliseconds since an arbitrary moment; never steps back. */
  monotonicMs(): number;
  /** Unix milliseconds with fractions, for spans that begin in one process and end in another of the same machine. */
  stampMs(): number;
}

export interface Timers {
  /** Calls `fn` once after `ms`; the returned function cancels it. */
  after(ms: number, fn: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  stampMs: () => performance.timeOrigin + performance.now(),
};

export const systemTimers: Timers = {
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

/** Calls `fn` every `ms` until cancelled; a slow `fn` is never run twice at once. */
export function every(timers: Timers, ms: number, fn: () => void | Promise<void>): () => void {
  let stopped = false;
  let cancel = (): void => undefined;
  const arm = (): void => {
    cancel = timers.after(ms, () => {
      void Promise.resolve(fn()).finally(() => {
        if (!stopped) arm();
      });
    });
  };
  arm();
  return () => {
    stopped = true;
    cancel();
  };
}

/** Resolves after `ms`, or rejects with the signal's reason when it is aborted first. */
export function delay(ms: number, signal?: AbortSignal, timers: Timers = systemTimers): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = timers.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
