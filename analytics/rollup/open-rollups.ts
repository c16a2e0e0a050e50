import { type Timers, delay } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { FleetState } from '../live/fleet-state.js';
import type { RollUps } from '../query/history-reader.js';
import type { RollUpLevel } from './bucket.js';
import { Roller, type RollerDeps } from './roller.js';
import { openRollUpStore } from './rollup-store.js';

const DAY_MS = 86_400_000;
/** Between two rounds; where there is more to do the next one follows at once. */
const ROUND_MS = 5_000;
const PRUNE_EVERY_MS = 3_600_000;

export interface RollUpSettings {
  readonly path: string;
  readonly keepDays: Readonly<Record<RollUpLevel, number>>;
}

export interface OpenRollUps extends AsyncDisposable {
  readonly rollUps: RollUps & { readonly roller: Roller };
  /** Makes and forgets roll-ups until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

/** Opens the roll-ups of analytics. STORE_FAILED where their folder cannot be opened. */
export function openRollUps(
  { path, keepDays }: RollUpSettings,
  deps: Omit<RollerDeps, 'rolled'> & { readonly fleet: FleetState; readonly timers: Timers },
): OpenRollUps {
  const { fleet, clock, timers, log } = deps;
  const store = openRollUpStore(path);
  const roller = new Roller({ ...deps, rolled: store });
  const keptFromMs = (level: RollUpLevel, nowMs: number): number => nowMs - keepDays[level] * DAY_MS;

  async function prune(): Promise<void> {
    for (const vehicle of store.vehicles())
      for (const level of ['10s', '5min'] as const)
        while ((await store.prune(level, vehicle, keptFromMs(level, clock.nowMs()))) > 0)
          await new Promise(resolve => setImmediate(resolve));
  }

  return {
    rollUps: { store, roller, keptFromMs },
    async run(signal) {
      for (let prunedMs = -Infinity; !signal.aborted;) {
        try {
          if (clock.monotonicMs() - prunedMs >= PRUNE_EVERY_MS) {
            await prune();
            prunedMs = clock.monotonicMs();
          }
          if (!(await roller.run(fleet.vehicles.keys(), signal))) await delay(ROUND_MS, signal, timers);
        } catch (error) {
          if (signal.aborted) return;
          log.warn({ event: 'analytics.rollup-failed', error: messageOf(error) });
          await delay(ROUND_MS, signal, timers).catch(() => undefined);
        }
      }
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
