import { delay, type Timers } from '../common/clock.js';
import { codeOf, messageOf } from '../common/errors.js';
import type { Log } from '../common/log.js';
import { backoff } from '../common/retry.js';
import type { HostHello } from '../protocol/api/md-manager.js';

const PLAN = { firstMs: 50, maxMs: 5_000, jitter: 0.3 };

/** Tells md-manager that this host is ready, as often as it takes. Ends when it is heard or the signal is aborted. */
export async function sayHello(
  hello: HostHello,
  deps: {
    readonly post: (hello: HostHello, signal: AbortSignal) => Promise<void>;
    readonly timers: Timers;
    readonly random: () => number;
    readonly log: Log;
  },
  signal: AbortSignal,
): Promise<void> {
  let told = false;
  for (const waitMs of backoff(PLAN, deps.random)) {
    try {
      await deps.post(hello, signal);
      deps.log.info({ event: 'vmd.hello.accepted', host: hello.host.host });
      return;
    } catch (error) {
      if (signal.aborted) return;
      // Once is enough: a manager that is away for an hour is not worth a thousand lines.
      if (!told) deps.log.warn({ event: 'vmd.hello.failed', code: codeOf(error), error: messageOf(error) });
      told = true;
    }
    try {
      await delay(waitMs, signal, deps.timers);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
  }
}
