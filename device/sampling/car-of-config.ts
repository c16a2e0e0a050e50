import { openElmAdapter } from '../obd/elm-source.js';
import type { ObdConfig } from '../obd/settings.js';
import type { OpenLink } from '../obd/types.js';
import { CarLoop } from './car-loop.js';
import type { CarLoopOptions } from './car-loop-options.js';

/** Between two samples of the slow tier. */
export const SLOW_MS = 20_000;
/** The search for the protocol takes seconds on a real adapter. */
const SEARCH_TIMEOUT_MS = 12_000;

type Deps = Pick<CarLoopOptions, 'clock' | 'timers' | 'random' | 'log' | 'metrics' | 'onReading'>;

/** The loop that reads the car at the far end of a link, by the settings. */
export function carOfConfig(config: ObdConfig, openLink: OpenLink, deps: Deps): CarLoop {
  const runningV = config['obd.runningV'];
  const elm = {
    timers: deps.timers,
    timeoutMs: config['obd.timeoutMs'],
    searchTimeoutMs: SEARCH_TIMEOUT_MS,
    protocol: config['obd.protocol'],
    runningV,
  };
  const { untilBack, replug } = openLink;
  return new CarLoop({
    ...deps,
    open: async signal => openElmAdapter(await openLink(signal), elm, signal),
    periods: { fast: 1000 / config['obd.fastHz'], medium: 1_000, slow: SLOW_MS },
    rates: config['obd.rates'],
    texts: config['obd.texts'],
    power: { runningV, parkAfterMs: config['obd.parkAfterMs'], probeMs: config['obd.probeMs'] },
    ...(untilBack === undefined ? {} : { untilBack }),
    ...(replug === undefined ? {} : { replug }),
  });
}
