import type { HostRef } from '../../protocol/api/common.js';
import type { HostHealth, StoreHealth } from '../../protocol/api/vmd.js';
import type { Residents } from '../residents.js';
import { acts } from '../twin/slot.js';
import type { Slots } from '../twin/slots.js';

export interface HealthInput {
  readonly host: HostRef;
  /** False: none is listed. */
  readonly list: boolean;
  readonly pid: number;
  readonly startTicks: number;
  readonly stalledMs: number;
  readonly store: StoreHealth | undefined;
  readonly slots: Slots;
  readonly residents: Residents;
  readonly monotonicMs: number;
  /** Whether the host is on its way out: its free slots are not for taking. */
  readonly going: boolean;
}

/** Every slot of a host, free ones included, in the order of their numbers. */
export function healthOf(input: HealthInput): HostHealth {
  const { host, pid, startTicks, stalledMs, store } = input;
  return {
    ...{ host, pid, startTicks, stalledMs },
    ...(store === undefined ? {} : { store }),
    slots: input.list ? slotRows(input) : [],
  };
}

function slotRows({ slots, residents, monotonicMs, going }: HealthInput): HostHealth['slots'] {
  const rows: HostHealth['slots'] = Array.from({ length: slots.count }, (_, slot) => ({
    slot,
    state: going ? 'going' : 'ready',
  }));
  for (const [vehicle, { index, slot }] of slots.taken()) {
    const resident = residents.ofVehicle(vehicle);
    rows[index] = {
      slot: index,
      state: slot.at,
      vehicle,
      handover: slot.order.handover,
      highestEpoch: slot.seen,
      ...(slot.at === 'assigned' ? { actingEpoch: slot.acting.epoch, leaseHeld: acts(slot, monotonicMs) } : {}),
      reports: resident?.reports ?? 0,
      ...(resident?.lastReportAtMs === undefined ? {} : { lastReportAtMs: resident.lastReportAtMs }),
    };
  }
  return rows;
}
