import { messageOf } from '../common/errors.js';
import { backoff } from '../common/retry.js';
import { placeOf } from './attachment/machine.js';
import type { VehicleList } from './manager-link.js';
import {
  learnFromManager,
  learnFromSwitch,
  readVehicles,
  reconcileBase,
  reconcileVehicles,
  removeForeign,
} from './reconcile.js';
import type { SdnService } from './service.js';
import type { Vehicle } from './vehicles.js';

const REPAIR = { firstMs: 100, maxMs: 2_000, jitter: 0.2 } as const;

/** What happens each time the switch comes up: its flows are read and corrected first, then the manager is asked. */
export class Recovery {
  readonly #service: SdnService;
  #done = false;
  #upCount = 0;

  constructor(service: SdnService) {
    this.#service = service;
  }

  /** Whether the switch holds what it should, as far as the app knows. */
  get done(): boolean {
    return this.#done;
  }

  lost(): void {
    this.#done = false;
  }

  /** Tries until the switch holds what it should, or is gone (or back anew: then that begins its own). */
  begin(): void {
    const upCount = ++this.#upCount;
    const delays = backoff(REPAIR, this.#service.deps.random);
    const attempt = (): void => {
      if (upCount !== this.#upCount || !this.#service.deps.flowSwitch.connected) return;
      this.#reconcileOnce().catch((error: unknown) => {
        this.#service.deps.log.warn({ event: 'sdn.reconcile-failed', error: messageOf(error) });
        this.#service.after(delays.next().value, attempt);
      });
    };
    attempt();
  }

  async #reconcileOnce(): Promise<void> {
    const deps = this.#service.reconciling;
    await reconcileBase(deps);
    const found = await readVehicles(deps);
    const learnt = learnFromSwitch(deps, found);
    await reconcileVehicles(deps, found, vehicle => {
      const { state } = vehicle;
      if (state.at === 'moving') this.#service.dispatch(vehicle, { type: 'applied', handover: state.move.handover });
    });
    this.#done = true;
    this.#service.countStates();
    this.#service.deps.log.info({
      event: 'sdn.reconciled',
      vehicles: this.#service.vehicles.size,
      learnt: learnt.length,
    });
    this.#askManager([...found.keys()]);
  }

  /** The app died between a re-route and the answer to its report: the manager hears of it now. */
  #tellAgain(vehicle: Vehicle, list: VehicleList): void {
    const to = placeOf(vehicle.state);
    if (to === undefined || vehicle.state.at !== 'attached' || this.#service.reporter.has(vehicle.number)) return;
    const from = list.vehicles.find(({ number }) => number === vehicle.number)?.attachment;
    const nowMs = this.#service.deps.clock.stampMs();
    const times = { detectedAtMs: nowMs, validatedAtMs: nowMs, reroutedAtMs: nowMs };
    this.#service.report(vehicle, {
      handover: this.#service.deps.newId(),
      ...(from === undefined ? {} : { from }),
      to,
      ...times,
    });
  }

  /** Asks until the manager answers; what the switch told holds until then. `found` are the numbers that were on the switch. */
  #askManager(found: readonly number[]): void {
    const { deps } = this.#service;
    const delays = backoff(REPAIR, deps.random);
    const upCount = this.#upCount;
    const attempt = async (): Promise<void> => {
      try {
        const list = await deps.manager.vehicles();
        this.#service.managerTerm = Math.max(this.#service.managerTerm, list.term);
        for (const { vehicle, untold } of learnFromManager(this.#service.reconciling, list)) {
          this.#service.settle(vehicle, undefined, this.#service.runner.push(vehicle));
          if (untold) this.#tellAgain(vehicle, list);
        }
        await removeForeign(this.#service.reconciling, found, list);
        this.#service.countStates();
        this.#service.reporter.flush();
      } catch (error) {
        deps.log.warn({ event: 'sdn.manager-away', error: messageOf(error) });
        this.#service.after(delays.next().value, () => {
          if (upCount === this.#upCount && deps.flowSwitch.connected) void attempt();
        });
      }
    };
    void attempt();
  }
}
