import type { Clock } from '../../common/clock.js';
import type { CasOutcome, ControlStore, OwnerRow } from '../../store/types.js';
import { checkBurns } from './check-burns.js';
import { checkOwnership } from './check-ownership.js';
import { claimantOf, type Burn, type History, type Operation, type Violation } from './history.js';

export interface ContestOptions {
  /** One client each; several may share a store. */
  readonly clients: readonly { readonly domain: string; readonly store: ControlStore }[];
  /** The owner of each vehicle, as it was written before the contest. */
  readonly owners: readonly OwnerRow[];
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Ends it: calls that are under way are waited for. */
  readonly signal: AbortSignal;
}

/** How claims ended whose outcome was unknown, once their client had read the row back. */
export interface Settled {
  applied: number;
  /** Another one of the epoch or above is there: it was refused, or applied and then superseded. */
  refused: number;
  /** The contest was over first. */
  open: number;
}

/** Everything that the clients of a contest were told, by vehicle. */
export interface ContestRecord {
  readonly first: OwnerRow;
  readonly operations: Operation[];
  readonly burns: Burn[];
}

export interface Contest {
  readonly records: ReadonlyMap<string, ContestRecord>;
  readonly outcomes: Record<CasOutcome, number>;
  readonly settled: Settled;
  /** Reads and burns that failed. */
  failed: number;
}

/** Of all calls how many read, and how many burn; the others claim. */
const READS = 0.3;
const BURNS = 0.15;

/**
 * Clients of several domains claim the same vehicles, always the next epoch that they know of, and read and burn in between; each
 * claim of unknown outcome is read back until it is settled, as md-manager does.
 */
export async function runContest(options: ContestOptions): Promise<Contest> {
  const { clients, owners } = options;
  const records = new Map(
    owners.map(first => [first.vehicle, { first, operations: [], burns: [] } satisfies ContestRecord]),
  );
  const contest: Contest = {
    records,
    outcomes: { applied: 0, refused: 0, unknown: 0 },
    settled: { applied: 0, refused: 0, open: 0 },
    failed: 0,
  };
  await Promise.all(clients.map((client, i) => new Contestant(client.domain, i, client.store, contest, options).run()));
  return contest;
}

/** What no order of all that was told explains, with the vehicle that it is about. */
export function violationsOf({ records }: Contest): (Violation & { readonly vehicle: string })[] {
  return [...records].flatMap(([vehicle, { first, operations, burns }]) => {
    const history: History = { first: { epoch: first.epoch, by: claimantOf(first) }, operations };
    return [...checkOwnership(history), ...checkBurns(burns)].map(found => ({ vehicle, ...found }));
  });
}

class Contestant {
  readonly #domain: string;
  readonly #name: string;
  readonly #store: ControlStore;
  readonly #contest: Contest;
  readonly #options: ContestOptions;
  readonly #seen = new Map<string, number>();
  #claims = 0;

  constructor(domain: string, index: number, store: ControlStore, contest: Contest, options: ContestOptions) {
    this.#domain = domain;
    this.#name = `client-${index}`;
    this.#store = store;
    this.#contest = contest;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { signal, random } = this.#options;
    const vehicles = [...this.#contest.records.keys()];
    while (!signal.aborted) {
      const vehicle = vehicles[Math.floor(random() * vehicles.length)];
      if (vehicle === undefined) return;
      const kind = random();
      if (kind < READS) await this.#read(vehicle);
      else if (kind < READS + BURNS) await this.#burn(vehicle);
      else await this.#claimNext(vehicle);
      // Where a store answers at once the others have their turn, too.
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  async #read(vehicle: string): Promise<OwnerRow | undefined> {
    const { monotonicMs } = this.#options.clock;
    const invokedAtMs = monotonicMs();
    try {
      const row = await this.#store.owner(vehicle);
      if (row === undefined) return undefined;
      const owned = { epoch: row.epoch, by: claimantOf(row) };
      this.#record(vehicle, { do: 'read', ...owned, invokedAtMs, completedAtMs: monotonicMs() });
      this.#see(vehicle, row.epoch);
      return row;
    } catch {
      // A read that fails tells nothing: there is nothing to check of it.
      this.#contest.failed++;
      return undefined;
    }
  }

  async #burn(vehicle: string): Promise<void> {
    const { monotonicMs } = this.#options.clock;
    const invokedAtMs = monotonicMs();
    try {
      const epoch = await this.#store.burnEpoch(vehicle);
      this.#contest.records.get(vehicle)?.burns.push({ epoch, invokedAtMs, completedAtMs: monotonicMs() });
    } catch {
      // Nobody was given an epoch; one may be burnt and lost.
      this.#contest.failed++;
    }
  }

  async #claimNext(vehicle: string): Promise<void> {
    const row: OwnerRow = {
      vehicle,
      epoch: (this.#seen.get(vehicle) ?? 0) + 1,
      handover: `${this.#name}-${++this.#claims}`,
      attempt: 1,
      host: `${this.#domain}/1`,
      domain: this.#domain,
      claimedAtMs: 0,
    };
    const outcome = await this.#claim(row);
    if (outcome === 'applied') this.#see(vehicle, row.epoch);
    else if (outcome === 'refused') await this.#read(vehicle);
    else this.#contest.settled[await this.#settle(row)]++;
  }

  async #claim(row: OwnerRow): Promise<CasOutcome> {
    const { monotonicMs } = this.#options.clock;
    const invokedAtMs = monotonicMs();
    const outcome = await this.#store.claim(row).catch(() => 'unknown' as const);
    this.#contest.outcomes[outcome]++;
    const span = { invokedAtMs, completedAtMs: monotonicMs() };
    this.#record(row.vehicle, { do: 'claim', epoch: row.epoch, by: claimantOf(row), outcome, ...span });
    return outcome;
  }

  /** As md-manager does: read, and while the row is below it, the same claim again. */
  async #settle(row: OwnerRow): Promise<keyof Settled> {
    while (!this.#options.signal.aborted) {
      const held = await this.#read(row.vehicle);
      if (held === undefined) continue;
      if (claimantOf(held) === claimantOf(row)) return 'applied';
      if (held.epoch >= row.epoch) return 'refused';
      const outcome = await this.#claim(row);
      if (outcome !== 'unknown') return outcome;
    }
    return 'open';
  }

  #record(vehicle: string, operation: Operation): void {
    this.#contest.records.get(vehicle)?.operations.push(operation);
  }

  #see(vehicle: string, epoch: number): void {
    this.#seen.set(vehicle, Math.max(epoch, this.#seen.get(vehicle) ?? 0));
  }
}
