import { delay, type Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Reconciliation } from '../../protocol/api/pools.js';
import type { HostHealth } from '../../protocol/api/vmd.js';
import type { Standby } from '../arming/standby.js';
import type { Runner } from '../handover/runner.js';
import { namedHosts } from '../handover/work.js';
import type { Mano } from '../mano/mano.js';
import type { Pool } from '../pool/pool.js';
import type { Registrations } from '../registration/registration.js';
import { differences, lasting, type Difference } from './compare.js';

export interface ReconcilerDeps {
  readonly mano: Pick<Mano, 'reconcile'>;
  readonly pool: Pick<Pool, 'holders' | 'link' | 'free'>;
  readonly runner: Pick<Runner, 'state' | 'order'>;
  readonly standby: Pick<Standby, 'claims' | 'giveBack'>;
  readonly registrations: Pick<Registrations, 'holds'>;
  readonly term: number;
  readonly newId: () => string;
  readonly timers: Timers;
  readonly log: Log;
  readonly signal: AbortSignal;
}

type Findings = Reconciliation['findings'];

const HEALTH_MS = 2_000;
/** Longer than a command to a host and its answer take. */
const LOOK_AGAIN_MS = 1_000;

/** Looks for instances and slots that somebody forgot, on both sides, and gives them back. */
export class Reconciler {
  readonly #deps: ReconcilerDeps;
  #underWay: Promise<Reconciliation> | undefined;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  /** One at a time: who asks meanwhile gets the answer of the one that runs. */
  run(): Promise<Reconciliation> {
    this.#underWay ??= this.#run().finally(() => (this.#underWay = undefined));
    return this.#underWay;
  }

  async #run(): Promise<Reconciliation> {
    const { mano, timers, log, signal } = this.#deps;
    const instances = await mano.reconcile();
    const first = await this.#look();
    if (first.found.length > 0) await delay(LOOK_AGAIN_MS, signal, timers);
    const { healths, silent, found } = first.found.length === 0 ? first : await this.#look();
    const findings: Findings = [...instances];
    for (const difference of lasting(first.found, found)) findings.push(await this.#mend(difference, healths));
    for (const { finding, host, vehicle, did } of findings)
      log.warn({ event: 'manager.reconcile.found', finding, host, vehicle, did });
    const slots = [...healths.values()].reduce((sum, health) => sum + health.slots.length, 0);
    return { hosts: healths.size, slots, findings, silent };
  }

  async #look(): Promise<{ healths: Map<string, HostHealth>; silent: string[]; found: Difference[] }> {
    const { pool, runner, standby, registrations } = this.#deps;
    const healths = new Map<string, HostHealth>();
    const silent: string[] = [];
    const ask = async (host: string): Promise<void> => {
      const health = await pool
        .link(host)
        ?.health(HEALTH_MS)
        .catch(() => undefined);
      if (health === undefined) silent.push(host);
      else healths.set(host, health);
    };
    await Promise.all([...pool.holders().keys()].map(ask));
    const found = differences({
      books: pool.holders(),
      healths,
      claimed: (holder, host) => {
        const state = runner.state(holder);
        const named = state !== undefined && namedHosts(state).includes(host);
        return named || standby.claims(holder, host) || registrations.holds(holder);
      },
      isVehicle: holder => {
        const state = runner.state(holder);
        // One that is under way may not have told its hosts yet.
        return state !== undefined && state.run === undefined && state.leaving.length === 0;
      },
    });
    return { healths, silent: silent.sort(), found };
  }

  async #mend({ finding, host, holder }: Difference, healths: ReadonlyMap<string, HostHealth>): Promise<Findings[0]> {
    const { pool, runner, standby, newId } = this.#deps;
    const row = { finding, host, vehicle: holder };
    if (finding === 'slot-unheld') {
      pool.free(host, holder);
      return { ...row, did: 'freed' };
    }
    if (finding === 'slot-missing') {
      if (standby.giveBack(holder, host)) return { ...row, did: 'released' };
      const domain = runner.state(holder)?.twin.host.domain;
      if (domain === undefined) return { ...row, did: 'failed' };
      // Its host does not know the vehicle: a twin elsewhere, with what the store has.
      const answer = runner.order(holder, { id: newId(), kind: 'drain', domains: [domain] });
      return { ...row, did: answer === 'started' ? 'moved' : 'failed' };
    }
    return { ...row, did: (await this.#release(host, holder, healths.get(host))) ? 'released' : 'failed' };
  }

  async #release(host: string, vehicle: string, health: HostHealth | undefined): Promise<boolean> {
    const { pool, runner, term, log, signal } = this.#deps;
    const seen = health?.slots.find(slot => slot.vehicle === vehicle)?.highestEpoch ?? 0;
    const epoch = Math.max(seen, runner.state(vehicle)?.highestEpoch ?? 0);
    const header = { term, handover: 'reconcile', attempt: 0, epoch, way: 'manager' } as const;
    try {
      await pool.link(host)?.client.release(vehicle, header, signal);
      pool.free(host, vehicle);
      return true;
    } catch (error) {
      log.warn({ event: 'manager.effect.failed', effect: 'reconcile', error: messageOf(error) });
      return false;
    }
  }
}
