import { codeOf } from '../../common/errors.js';
import type { SwitchCheck } from '../../protocol/api/sdn-app.js';
import { isVehicleFlow } from '../flow-runner.js';
import { readBlockAbove, reconciling, wantedBase } from '../reconcile.js';
import { dropsOf } from '../redirect/base.js';
import { baseSlice, decodeCookie } from '../redirect/cookie.js';
import { difference } from '../redirect/difference.js';
import { vehicleFlows } from '../redirect/vehicle.js';
import type { SdnService } from '../service.js';
import type { Flow, FlowStats, FlowSwitch } from '../switch/flow-switch.js';
import { actionWords, matchWords } from '../trace/words.js';
import { viewOf, type Vehicle } from '../vehicles.js';

type OneSwitch = SwitchCheck['switches'][number];
type Row = SwitchCheck['flows'][number];

/** What is read: everything, the flows of one vehicle, or those of a block of vehicle numbers above one. */
export type Scope = 'all' | { readonly vehicle: string } | { readonly after: number };

/**
 * Reads the switches back and compares them with what should be there. A change in flight may show as a difference. A
 * switch that is away or does not answer is named, and stops nobody. VEHICLE_UNKNOWN.
 */
export async function checkSwitches(
  service: SdnService,
  listed: 'flows' | 'counts' = 'flows',
  scope: Scope = 'all',
): Promise<SwitchCheck> {
  const flows: Row[] = [];
  const found: Found[] = [];
  for (const one of service.deps.switches)
    found.push(await checkOne(service, one, scope, rows => void (listed === 'flows' && flows.push(...rows))));
  const switches = found.map(({ row }) => row);
  const sum = (of: (row: OneSwitch) => number): number => switches.reduce((total, row) => total + of(row), 0);
  const drops: Record<string, number> = {};
  for (const row of switches)
    for (const [reason, packets] of Object.entries(row.drops)) drops[reason] = (drops[reason] ?? 0) + packets;
  const next = found.reduce<number | undefined>((least, row) => row.next ?? least, undefined);
  return {
    connected: switches.every(({ state }) => state === 'read'),
    flows,
    drops,
    missing: sum(row => row.missing),
    foreign: sum(row => row.foreign),
    ...(next === undefined ? {} : { next }),
    switches,
  };
}

interface Found {
  readonly row: OneSwitch;
  readonly next?: number | undefined;
}

async function checkOne(
  service: SdnService,
  { datapath, connected }: FlowSwitch,
  scope: Scope,
  list: (rows: readonly Row[]) => void,
): Promise<Found> {
  const nothing = { datapath, drops: {}, missing: 0, foreign: 0 };
  if (!connected) return { row: { ...nothing, state: 'away' } };
  const { runner, vehicles } = service.active;
  const { network } = service;
  const deps = reconciling(service.options, service.deps, vehicles, runner);
  let missing = 0;
  let foreign = 0;
  const compare = (found: readonly Flow[], wanted: readonly Flow[]): void => {
    const mods = difference(found, wanted);
    missing += mods.filter(({ op }) => op === 'add').length;
    foreign += mods.filter(({ op }) => op !== 'add').length;
  };
  const compareOne = (vehicle: Vehicle | undefined, stats: readonly FlowStats[]): void => {
    const found = stats.filter(isVehicleFlow);
    compare(found, vehicle === undefined ? [] : vehicleFlows(network, datapath, viewOf(vehicle)));
    list(found.flatMap(one => row(datapath, one)));
  };
  const compareBlock = async (after: number): Promise<number | undefined> => {
    const block = await readBlockAbove(deps, datapath, after);
    for (const number of new Set([...block.flows.keys(), ...block.vehicles.map(one => one.number)]))
      compareOne(vehicles.numbered(number), block.flows.get(number) ?? []);
    return block.next;
  };
  let base: readonly FlowStats[];
  let next: number | undefined;
  try {
    base = await readBase(service, datapath);
    if (typeof scope === 'object' && 'vehicle' in scope) {
      const vehicle = vehicles.named(scope.vehicle);
      compareOne(vehicle, await runner.read(datapath, vehicle));
    } else {
      if (scope === 'all' || scope.after < 0) {
        compare(base, wantedBase(network, datapath));
        list(base.flatMap(stats => row(datapath, stats)));
      }
      next = await compareBlock(scope === 'all' ? -1 : scope.after);
      while (scope === 'all' && next !== undefined) next = await compareBlock(next);
    }
  } catch (error) {
    if (!isUnread(error)) throw error;
    return { row: { ...nothing, state: 'unread' } };
  }
  return { row: { datapath, state: 'read', drops: dropsOf(network, datapath, base), missing, foreign }, next };
}

async function readBase({ deps }: SdnService, datapath: number): Promise<readonly FlowStats[]> {
  return (await deps.switches.find(one => one.datapath === datapath)?.readFlows(baseSlice)) ?? [];
}

const isUnread = (error: unknown): boolean => ['SWITCH_AWAY', 'DEADLINE'].includes(codeOf(error));

function row(datapath: number, stats: FlowStats): Row[] {
  const { table, priority, packets } = stats;
  const cookie = decodeCookie(stats.cookie);
  if (cookie === undefined) return [];
  const { number: vehicle, epochLow, kind } = cookie;
  const words = { matches: matchWords(stats.match), does: stats.actions.map(actionWords) };
  return [{ datapath, table, priority, packets, vehicle, epochLow, kind, ...words }];
}
