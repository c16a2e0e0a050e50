import { messageOf } from '../common/errors.js';
import { backoff } from '../common/retry.js';
import type { SdnDeps, SdnOptions } from './deps.js';
import { recall, type RecoveryParts } from './recall.js';
import { reconcile, reconciling } from './reconcile.js';

const REPAIR = { firstMs: 100, maxMs: 2_000, jitter: 0.2 } as const;

/**
 * What happens each time switches come up: they are led, read, and corrected, then the manager is asked. One pass at a
 * time; the first one waits a little for switches that are not connected yet, so that no switch is corrected by what only
 * another one knows.
 */
export class Recovery {
  readonly #options: SdnOptions;
  readonly #deps: SdnDeps;
  readonly #parts: RecoveryParts;
  readonly #wanted = new Set<number>();
  readonly #done = new Set<number>();
  /** Read at least once under this term. */
  readonly #read = new Set<number>();
  #begun = false;
  /** Numbers that were on a switch, until the manager has said whose they are. */
  readonly #found = new Set<number>();
  #delays: Generator<number, never>;
  #state: 'gathering' | 'idle' | 'running' = 'gathering';
  #recalls = 0;

  constructor(options: SdnOptions, deps: SdnDeps, parts: RecoveryParts) {
    this.#options = options;
    this.#deps = deps;
    this.#parts = parts;
    this.#delays = backoff(REPAIR, deps.random);
  }

  /** Whether a switch holds what it should, as far as the app knows. */
  isDone(datapath: number): boolean {
    return this.#done.has(datapath);
  }

  /** Whether a switch was read and holds no flow of a vehicle with this number that nobody has installed since. */
  lacks(datapath: number, number: number): boolean {
    return this.#done.has(datapath) && !this.#found.has(number);
  }

  /** Whether any switch was reconciled: before that nothing is known of any vehicle. */
  get begun(): boolean {
    return this.#begun;
  }

  start(): void {
    this.#parts.timers.after(this.#options.graceMs, () => {
      if (this.#state !== 'gathering') return;
      this.#state = 'idle';
      this.#next();
    });
  }

  up(datapath: number): void {
    this.#wanted.add(datapath);
    this.#done.delete(datapath);
    if (this.#state === 'gathering' && this.#wanted.size === this.#deps.switches.length) this.#state = 'idle';
    this.#next();
  }

  down(datapath: number): void {
    this.#wanted.delete(datapath);
    this.#done.delete(datapath);
  }

  #next(): void {
    if (this.#state !== 'idle' || this.#wanted.size === 0 || this.#parts.timers.stopped) return;
    this.#state = 'running';
    const datapaths = [...this.#wanted];
    this.#wanted.clear();
    void this.#pass(datapaths).then(failed => {
      this.#state = 'idle';
      if (failed.length === 0) {
        this.#delays = backoff(REPAIR, this.#deps.random);
        this.#next();
        return;
      }
      this.#parts.timers.after(this.#delays.next().value, () => {
        for (const datapath of failed)
          if (this.#isConnected(datapath) && !this.#done.has(datapath)) this.#wanted.add(datapath);
        this.#next();
      });
    });
  }

  /** Gives the switches that have to be tried again. */
  async #pass(datapaths: readonly number[]): Promise<number[]> {
    const { runner, vehicles, follower, timers, term } = this.#parts;
    const { log } = this.#deps;
    const failed = new Map<number, unknown>();
    await Promise.all(
      datapaths.map(datapath =>
        runner.lead(datapath, term).catch((error: unknown) => void failed.set(datapath, error)),
      ),
    );
    const led = datapaths.filter(datapath => !failed.has(datapath));
    for (const datapath of led) this.#read.add(datapath);
    const before = vehicles.size;
    const pass =
      led.length === 0
        ? undefined
        : await reconcile(
            reconciling(this.#options, this.#deps, vehicles, runner),
            led,
            this.#read.size === this.#deps.switches.length,
            vehicle => {
              const { state } = vehicle;
              if (state.at === 'moving') follower.dispatch(vehicle, { type: 'applied', handover: state.move.handover });
            },
          );
    for (const [datapath, error] of pass?.failed ?? []) failed.set(datapath, error);
    if (timers.stopped) return [];
    for (const [datapath, error] of failed) {
      this.#read.delete(datapath);
      log.warn({ event: 'sdn.reconcile-failed', datapath, error: messageOf(error) });
    }
    const good = led.filter(datapath => !failed.has(datapath) && this.#isConnected(datapath));
    for (const datapath of good) this.#done.add(datapath);
    follower.countStates();
    if (good.length > 0) {
      this.#begun = true;
      log.info({ event: 'sdn.reconciled', datapaths: good, vehicles: vehicles.size, learnt: vehicles.size - before });
      for (const number of pass?.found ?? []) this.#found.add(number);
      this.#recall();
    }
    return [...failed.keys()];
  }

  #isConnected = (datapath: number): boolean =>
    this.#deps.switches.some(one => one.datapath === datapath && one.connected);

  /** Asks until the manager answers; what the switches told holds until then. */
  #recall(): void {
    const { timers } = this.#parts;
    const mine = ++this.#recalls;
    const delays = backoff(REPAIR, this.#deps.random);
    const attempt = async (): Promise<void> => {
      try {
        const found = new Set(this.#found);
        await recall(this.#options, this.#deps, this.#parts, found, (datapath, number) => this.lacks(datapath, number));
        for (const number of found) this.#found.delete(number);
      } catch (error) {
        if (timers.stopped) return;
        this.#deps.log.warn({ event: 'sdn.manager-away', error: messageOf(error) });
        timers.after(delays.next().value, () => {
          if (mine === this.#recalls) void attempt();
        });
      }
    };
    void attempt();
  }
}
