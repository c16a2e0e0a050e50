import type { Timers } from '../../../common/clock.js';
import type { HandoverRecord } from '../../../protocol/api/md-manager.js';
import {
  associateIdOf,
  type ContextTransferState,
  type MobilityDevice,
  type MobilityStatus,
} from '../../../protocol/triggers/mec-mobility.js';
import type { Names } from '../names.js';
import { statusOf } from './announcements.js';

const STATES: Readonly<Record<MobilityStatus, ContextTransferState>> = {
  INTERHOST_MOVEOUT_TRIGGERED: 'NOT_TRANSFERRED',
  INTERHOST_MOVEOUT_COMPLETED: 'USER_CONTEXT_TRANSFER_COMPLETED',
  INTERHOST_MOVEOUT_FAILED: 'NOT_TRANSFERRED',
};
/** So much of what changes at once is told at once. */
const TOGETHER_MS = 200;

export interface TransfersDeps {
  readonly names: Pick<Names, 'vehicles' | 'devicesOf'>;
  readonly timers: Timers;
  /** `devices` says something else than before. */
  readonly onChange: () => void;
}

/** What a MEC platform is told of the devices that it has names for: whether the twin's state has gone with them (MEC 021 §6.2.2). */
export class Transfers implements Disposable {
  readonly #deps: TransfersDeps;
  readonly #states = new Map<string, ContextTransferState>();
  #cancel: (() => void) | undefined;

  constructor(deps: TransfersDeps) {
    this.#deps = deps;
  }

  /** A hand-over reached something, or ended. */
  onRecord(record: HandoverRecord): void {
    const { vehicle } = record;
    const { names, timers, onChange } = this.#deps;
    const status = statusOf(record);
    if (status === undefined || names.devicesOf(vehicle).length === 0) return;
    if (this.#states.get(vehicle) === STATES[status]) return;
    this.#states.set(vehicle, STATES[status]);
    this.#cancel ??= timers.after(TOGETHER_MS, () => {
      this.#cancel = undefined;
      onChange();
    });
  }

  devices(): MobilityDevice[] {
    const { names } = this.#deps;
    return names.vehicles.flatMap(vehicle => {
      const contextTransferState = this.#states.get(vehicle);
      return names.devicesOf(vehicle).flatMap(name => {
        const associateId = associateIdOf(name);
        if (associateId === undefined) return [];
        const device = { associateId, appMobilityServiceLevel: 'APP_MOBILITY_WITHOUT_CONFIRMATION' as const };
        return contextTransferState === undefined ? device : { ...device, contextTransferState };
      });
    });
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
  }
}
