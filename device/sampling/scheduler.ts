import { signalsOfPid, signalByWire, type Tier } from '../../protocol/signals.js';

/** Milliseconds between two samples of a signal, by tier. */
export type TierPeriods = Readonly<Record<Tier, number>>;

/** What one signal is to be sampled at instead of its catalogue's tier; `off`: never. */
export interface Rate {
  readonly tier: Tier | 'off';
  /** Within its tier: twice as much is twice as often where there is not enough for all. Default 1. */
  readonly priority?: number;
}
/** By wire name. */
export type Rates = ReadonlyMap<string, Rate>;

export interface SchedulerOptions {
  readonly supported: Iterable<number>;
  readonly periods: TierPeriods;
  readonly rates?: Rates;
  /** Whether a PID may share a request with others. */
  readonly isShareable: (pid: number) => boolean;
}

interface Turn {
  readonly pid: number;
  readonly tier: Tier;
  readonly priority: number;
  readonly periodMs: number;
  readonly isShareable: boolean;
  /** The period that there is room for. */
  pacedMs: number;
  dueMs: number;
  /** Answers in a row that did not hold it. */
  misses: number;
  samples: number;
  /** Mean time between two samples, of late. */
  meanMs: number | undefined;
  lastMs: number | undefined;
}

/** What each tier has for sure of a bus that is too slow for all; what one does not need goes to the others. */
const SHARES: Readonly<Record<Tier, number>> = { fast: 0.6, medium: 0.25, slow: 0.15 };
const TIERS = ['fast', 'medium', 'slow'] as const;
/** Room that is left in a request is for PIDs that will be due soon: up to this share of their period early. */
const EARLY_SHARE = 0.2;
const EARLY_MAX_MS = 500;
/** Weight of the newest turn-around in the mean. */
const NEW = 0.2;
/** Of what the bus can do, so much is planned with. */
const USABLE = 0.95;
/** A PID that the car supports and does not answer is asked for this seldom. */
const MISSES_MAX = 3;
const MISSED_PERIOD_MS = 20_000;

/**
 * Decides which PIDs the next request asks for. Each has the period of its tier; where the turn-around that the adapter
 * shows leaves no time for that, every tier keeps its share of the requests, and within a tier all PIDs become slower
 * alike, by priority. The one that is most overdue goes first; room that is left is for those that are nearly due.
 */
export class Scheduler {
  readonly #turns: Turn[];
  /** Mean milliseconds of a request, and how many PIDs it carried. */
  #requestMs: number | undefined;
  #batchMax = 1;
  #beganMs: number | undefined;
  /** What each tier has had, by its share. */
  readonly #had: Record<Tier, number> = { fast: 0, medium: 0, slow: 0 };

  constructor({ supported, periods, rates = new Map(), isShareable }: SchedulerOptions) {
    this.#turns = [...supported].flatMap(pid => {
      const rate = rateOf(pid, rates);
      if (rate === undefined || rate.tier === 'off') return [];
      const periodMs = periods[rate.tier];
      const turn: Turn = {
        pid,
        tier: rate.tier,
        priority: rate.priority ?? 1,
        periodMs,
        isShareable: isShareable(pid),
        pacedMs: periodMs,
        dueMs: -Infinity,
        misses: 0,
        samples: 0,
        meanMs: undefined,
        lastMs: undefined,
      };
      return [turn];
    });
  }

  /** PIDs to ask for now; empty where none is due. They count as asked. `nowMs` is monotonic. */
  next(nowMs: number, batchMax: number): number[] {
    if (batchMax !== this.#batchMax) {
      this.#batchMax = batchMax;
      this.#pace();
    }
    if (this.nextDueMs() > nowMs) return [];
    // All are due from the first question on.
    const beganMs = (this.#beganMs ??= nowMs);
    const ready = this.#turns
      .filter(turn => turn.dueMs - Math.min(turn.pacedMs * EARLY_SHARE, EARLY_MAX_MS) <= nowMs)
      .sort((x, y) => (x.dueMs === y.dueMs ? x.periodMs - y.periodMs : x.dueMs - y.dueMs));
    // What is only nearly due never makes a request of its own. What cannot share one is not passed over for ever because others of
    // its tier, which can, have used up the tier's share: after a whole period in vain it goes first.
    const due = ready.filter(turn => turn.dueMs <= nowMs);
    const late = due.find(turn => !turn.isShareable && Math.max(turn.dueMs, beganMs) + turn.pacedMs <= nowMs);
    const first = late === undefined ? this.#take(due) : this.#take([late]);
    if (first === undefined) return [];
    const batch = [first];
    const others = first.isShareable ? ready.filter(turn => turn.isShareable && turn !== first) : [];
    while (batch.length < batchMax && others.length > 0) {
      const turn = this.#take(others);
      if (turn === undefined) break;
      batch.push(turn);
      others.splice(others.indexOf(turn), 1);
    }
    // A turn keeps its beat unless it was missed altogether.
    for (const turn of batch) {
      const waitMs = turn.misses >= MISSES_MAX ? Math.max(turn.pacedMs, MISSED_PERIOD_MS) : turn.pacedMs;
      turn.dueMs = Math.max(turn.dueMs + waitMs, nowMs + waitMs / 2);
    }
    return batch.map(turn => turn.pid);
  }

  /**
   * The next of these, in order of how overdue they are, from the tier that has had least of its share: many slow ones that
   * fall due together do not hold up the fast ones.
   */
  #take(turns: readonly Turn[]): Turn | undefined {
    const tiers = TIERS.filter(tier => turns.some(turn => turn.tier === tier));
    const [tier] = [...tiers].sort((x, y) => this.#had[x] - this.#had[y]);
    const turn = turns.find(one => one.tier === tier);
    if (turn === undefined || tier === undefined) return undefined;
    // A tier that asked for nothing saves nothing up.
    for (const other of TIERS)
      if (!tiers.includes(other)) this.#had[other] = Math.max(this.#had[other], this.#had[tier]);
    this.#had[tier] += this.#costOf(turn) / SHARES[tier];
    return turn;
  }

  /** When the next PID is due; Infinity where there is none. */
  nextDueMs(): number {
    return Math.min(Infinity, ...this.#turns.map(turn => turn.dueMs));
  }

  /** The car has answered `batch`, in `tookMs`; `answered` are those of which it told a value. */
  answered(batch: readonly number[], answered: ReadonlySet<number>, tookMs: number, nowMs: number): void {
    this.#requestMs = this.#requestMs === undefined ? tookMs : this.#requestMs + NEW * (tookMs - this.#requestMs);
    for (const turn of this.#turns) {
      if (!batch.includes(turn.pid)) continue;
      if (!answered.has(turn.pid)) {
        turn.misses++;
        continue;
      }
      turn.misses = 0;
      turn.samples++;
      if (turn.lastMs !== undefined) {
        const sinceMs = nowMs - turn.lastMs;
        turn.meanMs = turn.meanMs === undefined ? sinceMs : turn.meanMs + NEW * (sinceMs - turn.meanMs);
      }
      turn.lastMs = nowMs;
    }
    this.#pace();
  }

  /** Mean time that a request takes, of late; `undefined` before the first. */
  get turnAroundMs(): number | undefined {
    return this.#requestMs;
  }

  /** Samples a second that each PID has had of late, and those it should have. */
  rates(nowMs: number): ReadonlyMap<number, { readonly hz: number; readonly wantedHz: number }> {
    return new Map(
      this.#turns.map(({ pid, periodMs, meanMs, lastMs }) => {
        // One that is no longer answered becomes slower with each moment that it is not.
        const ms = meanMs === undefined || lastMs === undefined ? Infinity : Math.max(meanMs, nowMs - lastMs - meanMs);
        return [pid, { hz: ms === Infinity ? 0 : 1000 / ms, wantedHz: 1000 / periodMs }];
      }),
    );
  }

  /** Deals the requests that the bus can do out to the tiers, and those of a tier to its PIDs. */
  #pace(): void {
    const perSecond = (USABLE * 1000) / Math.max(this.#requestMs ?? 0, Number.MIN_VALUE);
    const groups = TIERS.map(tier => ({ share: SHARES[tier], turns: this.#turns.filter(turn => turn.tier === tier) }));
    const demands = groups.map(({ share, turns }) => ({
      weight: turns.length === 0 ? 0 : share,
      cap: turns.reduce((sum, turn) => sum + this.#costOf(turn) / (turn.periodMs / 1000), 0),
    }));
    const given = deal(demands, perSecond);
    for (const [at, { turns }] of groups.entries()) {
      const shares = deal(
        turns.map(turn => ({
          weight: turn.priority * this.#costOf(turn),
          cap: (1000 * this.#costOf(turn)) / turn.periodMs,
        })),
        given[at] ?? 0,
      );
      for (const [index, turn] of turns.entries()) {
        const hz = (shares[index] ?? 0) / this.#costOf(turn);
        turn.pacedMs = Math.max(turn.periodMs, hz > 0 ? 1000 / hz : turn.periodMs);
      }
    }
  }

  /** Share of a request that a PID takes. */
  #costOf(turn: Turn): number {
    return turn.isShareable ? 1 / this.#batchMax : 1;
  }
}

/** Max-min fair: everybody gets what they ask for (`cap`), or an equal part by weight of what there is. */
export function deal(askers: readonly { readonly weight: number; readonly cap: number }[], supply: number): number[] {
  const given = askers.map(() => 0);
  let open = askers.map((_, at) => at).filter(at => (askers[at]?.weight ?? 0) > 0);
  let left = supply;
  while (open.length > 0) {
    const weights = open.reduce((sum, at) => sum + (askers[at]?.weight ?? 0), 0);
    const part = (at: number): number => (left * (askers[at]?.weight ?? 0)) / weights;
    const content = open.filter(at => (askers[at]?.cap ?? 0) <= part(at));
    if (content.length === 0) {
      for (const at of open) given[at] = part(at);
      return given;
    }
    for (const at of content) given[at] = askers[at]?.cap ?? 0;
    left -= content.reduce((sum, at) => sum + (given[at] ?? 0), 0);
    open = open.filter(at => !content.includes(at));
  }
  return given;
}

const ORDER: Readonly<Record<Tier | 'off', number>> = { fast: 0, medium: 1, slow: 2, off: 3 };

/** A PID is as fast as the fastest of its signals that are wanted; `undefined` where the catalogue does not know it. */
function rateOf(pid: number, rates: Rates): Rate | undefined {
  const wanted = signalsOfPid(pid).map(({ wire, tier }): Rate => rates.get(wire) ?? { tier });
  return wanted.sort((x, y) => ORDER[x.tier] - ORDER[y.tier] || (y.priority ?? 1) - (x.priority ?? 1))[0];
}

/**
 * Reads `obd.rates`: `spd=fast:3,ect=medium,flvl=off`. Throws an Error that says what it must be, for the table
 * of settings and for whoever asks for other rates at run time.
 */
export function parseRates(text: string): Rates {
  const rates = new Map<string, Rate>();
  for (const item of text.split(',').filter(part => part.trim() !== '')) {
    const found = /^\s*(\w+)\s*=\s*(fast|medium|slow|off)(?::(\d{1,3}))?\s*$/.exec(item);
    const [, wire = '', tier, priority] = found ?? [];
    if (found === null) throw new Error('NAME=fast|medium|slow|off[:PRIORITY], by commas');
    if (signalByWire(wire)?.obd === undefined) throw new Error(`names of signals of the car ('${wire}' is none)`);
    if (priority !== undefined && Number(priority) < 1) throw new Error(`with a priority in 1 to 999 for ${wire}`);
    rates.set(wire, { tier: tier as Rate['tier'], ...(priority === undefined ? {} : { priority: Number(priority) }) });
  }
  return rates;
}
