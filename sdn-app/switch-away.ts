import type { Timers } from '../common/clock.js';
import type { Log } from '../common/log.js';
import type { FlowSwitch } from './switch/flow-switch.js';
import { TimerSet } from './timer-set.js';

/** A switch has so long to connect before it is said to be away. */
const FIRST_MS = 1_000;
const AGAIN_MS = 10_000;

/** A switch of the settings, and where it is reached. */
export interface Reached {
  readonly one: FlowSwitch;
  readonly url: string;
}

/**
 * Logs `sdn.switch-away` while a switch is not connected: once when it had time to be, then each ten seconds. A wrong
 * address and a switch that does not run look like nothing at all otherwise: `sdn.switch-down` tells only of one that was
 * there. Disposal ends it.
 */
export function watchAway(
  switches: readonly Reached[],
  { timers, log }: { timers: Timers; log: Log },
): AsyncDisposable {
  const waiting = new TimerSet(timers);
  const ends = switches.map(({ one, url }) => {
    const { datapath } = one;
    let cancel = (): void => undefined;
    const tellAfter = (ms: number): void => {
      cancel = waiting.after(ms, () => {
        log.warn({ event: 'sdn.switch-away', datapath, url: withoutUser(url) });
        tellAfter(AGAIN_MS);
      });
    };
    if (!one.connected) tellAfter(FIRST_MS);
    return one.listen(({ type }) => {
      if (type !== 'up' && type !== 'down') return;
      cancel();
      // that it went is logged where it did
      if (type === 'down') tellAfter(AGAIN_MS);
    });
  });
  return {
    [Symbol.asyncDispose]: () => {
      waiting.stop();
      for (const end of ends) end();
      return Promise.resolve();
    },
  };
}

/** A user and a password are no matter of a log. */
const withoutUser = (url: string): string => url.replace(/\/\/[^/]*@/, '//');
