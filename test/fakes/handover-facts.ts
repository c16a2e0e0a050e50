import type { Facts } from '../../md-manager/handover/recover.js';
import type { VehicleState } from '../../md-manager/handover/state.js';
import { namedHosts } from '../../md-manager/handover/work.js';
import { attachmentIn, hostRef } from './host-refs.js';
import type { Everything } from './handover-state.js';

/** What a manager finds that begins: owner, epochs and flow, the slots of the hosts that answer, and the row of a hand-over that was `open`. */
export function factsOf(all: Everything, open: VehicleState | undefined) {
  const { owner, flow, slots, lost } = all;
  const at = attachmentIn(all.place);
  const named = open === undefined ? [] : namedHosts(open);
  return {
    vehicle: 'car-1',
    number: 7,
    term: 1,
    owner: { vehicle: 'car-1', ...owner, domain: owner.host.split('/')[0]!, claimedAtMs: 0 },
    ownerHost: hostRef(owner.host),
    highestEpoch: all.burnt,
    ...(open === undefined ? {} : { open }),
    flows: {
      vehicle: 'car-1',
      number: 7,
      host: hostRef(flow.host),
      highestEpoch: all.switchSeen,
      waysOut: [],
      state: 'attached',
      armed: [],
      attachment: at,
    },
    slots: Object.entries(slots)
      .filter(([host]) => !(host in lost) && (named.includes(host) || !(host in all.leases)))
      .map(([host, slot], index) => ({
        host: hostRef(host),
        slot: {
          slot: index,
          state: slot.acting ? 'assigned' : slot.draining ? 'draining' : 'reserved',
          vehicle: 'car-1',
          highestEpoch: slot.epoch,
          ...(slot.acting ? { actingEpoch: slot.epoch } : {}),
        },
      })),
    seen: [],
  } satisfies Facts;
}
