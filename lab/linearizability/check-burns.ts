import type { Burn, Violation } from './history.js';

/** Epochs burnt of one vehicle: each was given once, and one that was asked for after another was given is higher. */
export function checkBurns(burns: readonly Burn[]): Violation[] {
  const byEpoch = [...burns].sort((a, b) => a.epoch - b.epoch);
  let latest: Burn | undefined;
  for (const [i, burn] of byEpoch.entries()) {
    if (byEpoch[i - 1]?.epoch === burn.epoch) return [{ rule: 'an epoch burnt twice', detail: String(burn.epoch) }];
    if (latest !== undefined && latest.invokedAtMs > burn.completedAtMs) {
      const detail = `${latest.epoch} asked for at ${latest.invokedAtMs}, ${burn.epoch} given at ${burn.completedAtMs}`;
      return [{ rule: 'a later burn is lower', detail }];
    }
    if (latest === undefined || burn.invokedAtMs > latest.invokedAtMs) latest = burn;
  }
  return [];
}
