import { difference } from './redirect/difference.js';
import { vehicleMeters } from './redirect/vehicle.js';
import type { VehicleView } from './redirect/view.js';
import type { Batch, Flow, FlowMod, FlowStats } from './switch/flow-switch.js';
import type { Vehicle } from './vehicles.js';

export interface Update {
  readonly vehicle: Vehicle;
  readonly view: VehicleView;
  /** Switches that can be reached. */
  readonly usable: readonly number[];
  /** Those of them that have to be read first. */
  readonly unknown: readonly number[];
  /** Those of them that hold nothing of the vehicle. */
  readonly bare: readonly number[];
  /** Those without which the change is not confirmed. */
  readonly needed: readonly number[];
}

export interface StepPorts {
  read(datapath: number, vehicle: Vehicle): Promise<readonly FlowStats[]>;
  applyFor(datapath: number, vehicles: readonly Vehicle[], batch: Batch): Promise<void>;
  flowsOf(datapath: number, view: VehicleView): Flow[];
}

/** What is to be changed on one switch. */
interface Part {
  readonly datapath: number;
  readonly mods: readonly FlowMod[];
  /** The meter may be missing, too. */
  readonly needsMeter: boolean;
}

/**
 * A change that concerns more than the switch by which the vehicle enters (DESIGN §5): what the others lack, then that one in
 * one bundle, then what the others hold too much. A failure of a needed switch ends it and is thrown; one of another
 * is told to `unsettled`.
 */
export async function updateInSteps(
  ports: StepPorts,
  { vehicle, view, usable, unknown, bare, needed }: Update,
  { unsettled }: { readonly unsettled: (vehicle: Vehicle, error: unknown) => void },
): Promise<void> {
  const ingress = view.place?.datapath;
  const failures = new Map<number, unknown>();
  const parts = new Map<number, Part>();
  const tried = async (datapath: number, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      vehicle.sent.delete(datapath);
      failures.set(datapath, error);
    }
  };
  const isStopped = (): boolean => needed.some(datapath => failures.has(datapath));
  const before = (datapath: number): Promise<readonly Flow[]> => {
    if (unknown.includes(datapath)) return ports.read(datapath, vehicle);
    const sent = vehicle.sent.get(datapath);
    return Promise.resolve(typeof sent === 'object' ? ports.flowsOf(datapath, sent) : []);
  };
  const send = async ({ datapath, needsMeter, mods }: Part, ops: readonly FlowMod['op'][]): Promise<void> => {
    const meters = needsMeter && ops.includes('add') ? vehicleMeters(vehicle.number) : [];
    const flows = mods.filter(({ op }) => ops.includes(op));
    if (failures.has(datapath) || flows.length + meters.length === 0) return;
    await tried(datapath, () => ports.applyFor(datapath, [vehicle], { meters, flows }));
  };
  await Promise.all(
    usable.map(datapath =>
      tried(datapath, async () => {
        const mods = difference(await before(datapath), ports.flowsOf(datapath, view));
        const needsMeter = unknown.includes(datapath) || bare.includes(datapath);
        parts.set(datapath, { datapath, mods, needsMeter });
      }),
    ),
  );
  for (const datapath of parts.keys()) vehicle.sent.set(datapath, view);
  const others = [...parts.values()].filter(({ datapath }) => datapath !== ingress);
  await Promise.all(others.map(part => send(part, ['add'])));
  const entrance = ingress === undefined ? undefined : parts.get(ingress);
  if (entrance !== undefined && !isStopped()) await send(entrance, ['add', 'delete']);
  if (!isStopped()) await Promise.all(others.map(part => send(part, ['delete'])));
  const fatal = needed.find(datapath => failures.has(datapath));
  if (fatal !== undefined) {
    // removals were not sent: what the switches hold is to be read before the next change
    for (const datapath of parts.keys()) vehicle.sent.delete(datapath);
    throw failures.get(fatal);
  }
  for (const error of failures.values()) unsettled(vehicle, error);
}
