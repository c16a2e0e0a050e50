import type { SwitchCheck } from '../../protocol/api/sdn-app.js';
import { readVehicles, wantedBase } from '../reconcile.js';
import { dropsOf } from '../redirect/base.js';
import { baseSlice, decodeCookie } from '../redirect/cookie.js';
import { difference } from '../redirect/difference.js';
import { vehicleFlows } from '../redirect/vehicle.js';
import type { FlowStats } from '../switch/flow-switch.js';
import type { SdnService } from '../service.js';
import { viewOf } from '../vehicles.js';

/** Reads the switch back and compares it with what should be there. A change in flight may show as a difference. */
export async function checkSwitch(service: SdnService): Promise<SwitchCheck> {
  const { network } = service.options;
  if (!service.deps.flowSwitch.connected) return { connected: false, flows: [], drops: {}, missing: 0, foreign: 0 };
  const deps = service.reconciling;
  const base = await deps.flowSwitch.readFlows(baseSlice);
  const byVehicle = await readVehicles(deps);
  const numbers = new Set([...byVehicle.keys(), ...[...service.vehicles.all()].map(({ number }) => number)]);
  const mods = difference(base, wantedBase(deps));
  for (const number of numbers) {
    const vehicle = service.vehicles.numbered(number);
    const wanted = vehicle === undefined ? [] : vehicleFlows(network, viewOf(vehicle));
    mods.push(...difference(byVehicle.get(number) ?? [], wanted));
  }
  return {
    connected: true,
    flows: [...base, ...[...byVehicle.values()].flat()].flatMap(row),
    drops: dropsOf(network, base),
    missing: mods.filter(mod => mod.op === 'add').length,
    foreign: mods.filter(mod => mod.op === 'delete').length,
  };
}

function row(stats: FlowStats): SwitchCheck['flows'] {
  const { table, priority, packets } = stats;
  const cookie = decodeCookie(stats.cookie);
  return cookie === undefined
    ? []
    : [{ table, priority, packets, vehicle: cookie.number, epochLow: cookie.epochLow, kind: cookie.kind }];
}
