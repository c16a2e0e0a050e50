import type { Claimant, History, Operation, Owned, Violation } from './history.js';

/**
 * Is the history of one vehicle's owner row linearizable? The register: `claim(epoch, by)` is applied where the stored epoch is lower
 * or where the row is this very claim, refused elsewhere; `read` tells the row. Empty: some order of the calls explains all of it.
 *
 * Because epochs only rise, the order of the claims that took effect is that of their epochs, and each needs no more than a moment:
 * the earliest that its own calls and the lower epochs leave it. What bounds it from above is then looked at one by one. So
 * the check is exact (held against a search of every order) and as fast as sorting.
 */
export function checkOwnership(history: History): Violation[] {
  const known = effectiveClaims(history);
  if ('rule' in known) return [known];
  const back = settle(known);
  if (back !== undefined) return [back];
  return unexplained(history, known);
}

/** A claim that took effect for sure: its client was told so, or somebody read it. */
interface Effective extends Owned {
  /** From the first call that can have made it. */
  fromMs: number;
  /** Until the first answer that tells of it. */
  untilMs: number;
  /** The last call that began and still met it: the next one came after that. */
  metMs: number;
  /** The earliest moment that it may have taken effect. */
  atMs: number;
}

/** By epoch, lowest first; or why there is none such list. */
function effectiveClaims({ first, operations }: History): Effective[] | Violation {
  const found = new Map<number, Effective>();
  const origin = { ...first, fromMs: -Infinity, untilMs: -Infinity, metMs: -Infinity, atMs: -Infinity };
  found.set(first.epoch, origin);
  for (const operation of operations) {
    if (!tells(operation)) continue;
    const { epoch, by, invokedAtMs, completedAtMs } = operation;
    const claim = found.get(epoch) ?? { epoch, by, fromMs: Infinity, untilMs: Infinity, metMs: -Infinity, atMs: 0 };
    if (claim.by !== by) return { rule: 'two winners of one epoch', detail: `${epoch}: ${claim.by} and ${by}` };
    claim.untilMs = Math.min(claim.untilMs, completedAtMs);
    claim.metMs = Math.max(claim.metMs, invokedAtMs);
    found.set(epoch, claim);
  }
  for (const operation of operations) {
    const claim = found.get(operation.epoch);
    if (operation.do === 'claim' && operation.outcome !== 'refused' && claim?.by === operation.by)
      claim.fromMs = Math.min(claim.fromMs, operation.invokedAtMs);
  }
  const claims = [...found.values()].sort((a, b) => a.epoch - b.epoch);
  const unclaimed = claims.find(({ fromMs }) => fromMs === Infinity);
  if (unclaimed === undefined) return claims;
  return { rule: 'an owner that nobody claimed', detail: `${unclaimed.epoch} by ${unclaimed.by}` };
}

const tells = (operation: Operation): boolean => operation.do === 'read' || operation.outcome === 'applied';

/** Gives each claim its earliest moment. */
function settle(claims: readonly Effective[]): Violation | undefined {
  let below: Effective | undefined;
  for (const claim of claims) {
    claim.atMs = Math.max(claim.fromMs, afterAll(below));
    if (claim.atMs > claim.untilMs) {
      const { epoch, untilMs, atMs } = claim;
      const detail = `${epoch} was in force by ${untilMs}, and ${below?.epoch ?? 'nothing'} up to ${atMs}`;
      return { rule: 'the epoch went back', detail };
    }
    below = claim;
  }
  return undefined;
}

const afterAll = (below: Effective | undefined): number =>
  below === undefined ? -Infinity : Math.max(below.atMs, below.metMs);

interface Refusal {
  readonly by: Claimant;
  readonly untilMs: number;
}

/**
 * Each refused claim needs another one of its epoch or above that took effect before its answer. Claims of unknown outcome that
 * nobody read may be that reason. From the highest epoch down: whatever took effect above explains best where it did so
 * earliest, and a claim that began later than the one above it explains nothing that this does not.
 */
function unexplained({ operations }: History, known: readonly Effective[]): Violation[] {
  const refusals = new Map<number, Refusal[]>();
  const doubtful = new Map<number, { by: Claimant; fromMs: number }[]>();
  const certain = new Map(known.map(claim => [claim.epoch, claim]));
  for (const operation of operations) {
    if (operation.do === 'read' || operation.outcome === 'applied') continue;
    const { epoch, by, invokedAtMs, completedAtMs, outcome } = operation;
    if (outcome === 'refused') listed(refusals, epoch).push({ by, untilMs: completedAtMs });
    else if (!certain.has(epoch)) listed(doubtful, epoch).push({ by, fromMs: invokedAtMs });
  }
  let aboveMs = Infinity;
  let below = known.length - 1;
  const epochs = new Set([...certain.keys(), ...refusals.keys(), ...doubtful.keys()]);
  for (const epoch of [...epochs].sort((a, b) => b - a)) {
    const sure = certain.get(epoch);
    while ((known[below]?.epoch ?? -Infinity) >= epoch) below--;
    const floorMs = afterAll(known[below]);
    const candidates = (doubtful.get(epoch) ?? [])
      .filter(({ fromMs }) => fromMs <= aboveMs)
      .map(({ by, fromMs }) => ({ by, atMs: Math.max(fromMs, floorMs) }))
      .sort((a, b) => a.atMs - b.atMs);
    const refused = refusals.get(epoch) ?? [];
    const explained = (by: Claimant | undefined, atMs: number): boolean =>
      refused.every(claim => aboveMs <= claim.untilMs || (claim.by !== by && atMs <= claim.untilMs));
    const reason =
      sure === undefined
        ? [...candidates, { by: undefined, atMs: aboveMs }].find(({ by, atMs }) => explained(by, atMs))
        : explained(sure.by, sure.atMs)
          ? sure
          : undefined;
    if (reason === undefined) {
      const who = refused.map(({ by, untilMs }) => `${by} by ${untilMs}`).join(', ');
      return [{ rule: 'a claim refused without a reason', detail: `${epoch}: ${who}` }];
    }
    aboveMs = reason.atMs;
  }
  return [];
}

function listed<T>(lists: Map<number, T[]>, key: number): T[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}
