import { fault } from '../protocol/errors.js';
import type { Topology } from '../protocol/topology.js';
import type { SdnDeps, SdnOptions } from './deps.js';
import type { FlowRunner } from './flow-runner.js';
import { learnFromSwitch } from './learn.js';
import { baseFlows, baseMeters } from './redirect/base.js';
import { baseSlice, blockSlice, decodeCookie } from './redirect/cookie.js';
import { difference } from './redirect/difference.js';
import type { Network } from './redirect/network.js';
import { recoverView } from './redirect/vehicle.js';
import type { CookieSlice, Flow, FlowStats, FlowSwitch } from './switch/flow-switch.js';
import type { Vehicle, Vehicles } from './vehicles.js';

/**
 * Vehicle numbers per slice that is read, and vehicles per bundle that is written. Open vSwitch goes through its whole table
 * for each slice, and all flows of a slice are in memory: 25 slices and about 30 MB for 100,000 vehicles.
 */
const BLOCK = 4_096;
const BUNDLE = 64;
const NUMBERS = 2 ** 20;

export interface Reconciling {
  readonly switches: ReadonlyMap<number, FlowSwitch>;
  readonly runner: FlowRunner;
  readonly vehicles: Vehicles;
  readonly topology: Topology;
  readonly firstNumber: number;
  readonly nowMs: () => number;
}

export const reconciling = (
  { topology, firstNumber }: Pick<SdnOptions, 'topology' | 'firstNumber'>,
  { switches, clock }: Pick<SdnDeps, 'switches' | 'clock'>,
  vehicles: Vehicles,
  runner: FlowRunner,
): Reconciling => ({
  switches: new Map(switches.map(one => [one.datapath, one])),
  runner,
  vehicles,
  topology,
  firstNumber,
  nowMs: () => clock.stampMs(),
});

/** What came of one switch: all of it, or the error that ended it. */
export interface Pass {
  readonly failed: ReadonlyMap<number, unknown>;
  /** Vehicle numbers whose flows were on one of the switches. */
  readonly found: ReadonlySet<number>;
}

export const wantedBase = (network: Network, datapath: number): Flow[] => baseFlows(network, datapath);

/** TOPOLOGY_INVALID where the topology does not have one of the switches. */
export function checkDatapaths(network: Network, datapaths: Iterable<number>): void {
  for (const datapath of datapaths)
    if (!network.topology.switches.some(row => row.datapath === datapath))
      throw fault('TOPOLOGY_INVALID', `no switch has datapath ${datapath}`);
}

/**
 * Makes some switches hold what they should, block by block of vehicle numbers, so that memory is bounded by a block: all
 * of them are read, what they tell of vehicles that are not remembered is learnt, then each is corrected. A switch that
 * fails is left, the others go on. `complete`: all switches of the app have been read by now or before; without that, what
 * is not told by any yet is not taken for wrong. `corrected` hears of each vehicle whose state is as it was when it was sent.
 */
export async function reconcile(
  deps: Reconciling,
  datapaths: readonly number[],
  complete: boolean,
  corrected: (vehicle: Vehicle) => void,
): Promise<Pass> {
  const failed = new Map<number, unknown>();
  const found = new Set<number>();
  const onEach = async <T>(work: (datapath: number) => Promise<T>): Promise<Map<number, T>> => {
    const done = new Map<number, T>();
    await Promise.all(
      datapaths
        .filter(datapath => !failed.has(datapath))
        .map(datapath =>
          work(datapath).then(
            result => done.set(datapath, result),
            (error: unknown) => failed.set(datapath, error),
          ),
        ),
    );
    return done;
  };
  await onEach(datapath => reconcileBase(deps, datapath));
  for (let first = deps.firstNumber - (deps.firstNumber % BLOCK); first < NUMBERS; first += BLOCK) {
    if (failed.size === datapaths.length) break;
    const blocks = await onEach(datapath => readBlock(deps, datapath, first));
    for (const [datapath, block] of blocks)
      for (const [number, flows] of block) {
        found.add(number);
        const view = recoverView(deps.runner.network, datapath, number, flows);
        if (view !== undefined) learnFromSwitch({ ...deps, nowMs: deps.nowMs() }, view);
      }
    const known = deps.vehicles
      .within(first, BLOCK)
      .filter(vehicle => complete || vehicle.id !== undefined || vehicle.state.at !== 'waiting');
    const before = known.map(({ state }) => state);
    await onEach(async datapath => {
      const block = blocks.get(datapath);
      if (block === undefined) return;
      const rows = known.map(vehicle => [vehicle, block.get(vehicle.number) ?? []] as const);
      for (let i = 0; i < rows.length; i += BUNDLE) await deps.runner.correct(datapath, rows.slice(i, i + BUNDLE));
    });
    known.forEach((vehicle, at) => {
      if (vehicle.state === before[at] && [...blocks.keys()].some(datapath => !failed.has(datapath)))
        corrected(vehicle);
    });
    // numbers are given out in order: the first empty block beyond the known ones is the end
    if ([...blocks.values()].every(({ size }) => size === 0) && first + BLOCK > deps.vehicles.highestNumber) break;
  }
  return { failed, found };
}

/** Makes the flows that are no vehicle's what they should be. */
async function reconcileBase({ switches, runner }: Reconciling, datapath: number): Promise<void> {
  const found = await readFrom(switches, datapath, baseSlice);
  await runner.apply(datapath, {
    meters: baseMeters(runner.network, datapath),
    flows: difference(found, wantedBase(runner.network, datapath)),
  });
}

const readFrom = (
  switches: ReadonlyMap<number, FlowSwitch>,
  datapath: number,
  slice: CookieSlice,
): Promise<readonly FlowStats[]> => {
  const found = switches.get(datapath);
  return found === undefined ? Promise.reject(fault('SWITCH_AWAY', `switch ${datapath}`)) : found.readFlows(slice);
};

/** All vehicles' flows of a block of numbers on one switch, by number. */
export async function readBlock(
  { switches }: Pick<Reconciling, 'switches'>,
  datapath: number,
  first: number,
): Promise<Map<number, FlowStats[]>> {
  const found = new Map<number, FlowStats[]>();
  for (const stats of await readFrom(switches, datapath, blockSlice(first, BLOCK))) {
    const cookie = decodeCookie(stats.cookie);
    if (cookie === undefined || cookie.kind === 'base') continue;
    const list = found.get(cookie.number) ?? [];
    found.set(cookie.number, list);
    list.push(stats);
  }
  return found;
}

/** Flows and vehicles of a block of numbers on one switch. */
export interface Block {
  readonly flows: ReadonlyMap<number, FlowStats[]>;
  readonly vehicles: readonly Vehicle[];
  /** The last number of the block; absent where none comes behind it. */
  readonly next?: number;
}

/** The block with the numbers above one, or the first of all; numbers end as {@link reconcile} has it. */
export async function readBlockAbove(
  deps: Pick<Reconciling, 'switches' | 'vehicles' | 'firstNumber'>,
  datapath: number,
  after: number,
): Promise<Block> {
  const from = Math.max(after + 1, deps.firstNumber);
  const first = from - (from % BLOCK);
  const flows = await readBlock(deps, datapath, first);
  const vehicles = deps.vehicles.within(first, BLOCK);
  const next = first + BLOCK - 1;
  const isLast = (flows.size === 0 && next >= deps.vehicles.highestNumber) || next >= NUMBERS - 1;
  return { flows, vehicles, ...(isLast ? {} : { next }) };
}
