import type { ElmState } from './elm-state.js';
import type { ElmWait } from './elm327.js';

/** Real adapters take about 0.5 s to restart and 1.5 s to find the protocol, at 20 ms of turn-around. */
const RESET_TURNS = 25;
const SEARCH_TURNS = 75;
/** Adaptive timing waits for more answers about as long as the first took; at most this many turns for silence. */
const SILENCE_TURNS = 10;

/**
 * Milliseconds that a command takes, from the turn-around time of the adapter and car (request to first answer). All of
 * it scales with that setting, so that 0 makes an adapter that takes no time.
 */
export function waitMs(wait: ElmWait, state: ElmState, turnAroundMs: number): number {
  const silenceMs = Math.min(state.timeoutMs, SILENCE_TURNS * turnAroundMs);
  switch (wait.for) {
    case 'nothing':
      return 0;
    case 'reset':
      return RESET_TURNS * turnAroundMs;
    case 'silence':
      return silenceMs;
    case 'answer': {
      const moreMs = wait.counted ? 0 : state.adaptiveTiming === 0 ? silenceMs : turnAroundMs;
      return turnAroundMs + moreMs + (wait.searched ? SEARCH_TURNS * turnAroundMs : 0);
    }
  }
}
