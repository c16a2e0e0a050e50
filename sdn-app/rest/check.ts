import { codeOf } from '../../common/errors.js';
import type { SwitchCheck } from '../../protocol/api/sdn-app.js';
import { isVehicleFlow } from '../flow-runner.js';
import { readBlocks, reconciling, wantedBase } from '../reconcile.js';
import { dropsOf } from '../redirect/base.js';
import { baseSlice, decodeCookie } from '../redirect/cookie.js';
import { difference } from '../redirect/difference.js';
import { vehicleFlows } from '../redirect/vehicle.js';
import type { SdnService } from '../service.js';
import type { Flow, FlowStats, FlowSwitch } from '../switch/flow-switch.js';
import { actionWords, matchWords } from '../trace/words.js';
import { viewOf } from '../vehicles.js';

type OneSwitch = SwitchCheck['switches'][number];
type Row = SwitchCheck['flows'][number];

/**
 * Reads the switches back and compares them with what should be there. A change in flight may show as a difference. A
 * switch that is away or does not answer is named, and stops nobody.
 */
export async function checkSwitches(service: SdnService, listed: 'flows' | 'counts' = 'flows'): Promise<SwitchCheck> {
  const flows: Row[] = [];
  const switches: OneSwitch[] = [];
  for (const one of service.deps.switches)
    switches.push(await checkOne(service, one, rows => void (listed === 'flows' && flows.push(...rows))));
  const sum = (of: (row: OneSwitch) => number): number => switches.reduce((total, row) => total + of(row), 0);
  const drops: Record<string, number> = {};
  for (const row of switches)
    for (const [reason, packets] of Object.entries(row.drops)) drops[reason] = (drops[reason] ?? 0) + packets;
  return {
    connected: switches.every(({ state }) => state === 'read'),
    flows,
    drops,
    missing: sum(row => row.missing),
    foreign: sum(row => row.foreign),
    switches,
  };
}

async function checkOne(
  service: SdnService,
  { datapath, connected }: FlowSwitch,
  list: (rows: readonly Row[]) => void,
): Promise<OneSwitch> {
  const nothing = { datapath, drops: {}, missing: 0, foreign: 0 };
  if (!connected) return { ...nothing, state: 'away' };
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
  let base: readonly FlowStats[];
  try {
    base = await readBase(service, datapath);
    compare(base, wantedBase(network, datapath));
    list(base.flatMap(stats => row(datapath, stats)));
    for await (const block of readBlocks(deps, datapath)) {
      const numbers = new Set([...block.flows.keys(), ...block.vehicles.map(({ number }) => number)]);
      for (const number of numbers) {
        const vehicle = vehicles.numbered(number);
        const found = (block.flows.get(number) ?? []).filter(isVehicleFlow);
        compare(found, vehicle === undefined ? [] : vehicleFlows(network, datapath, viewOf(vehicle)));
        list(found.flatMap(stats => row(datapath, stats)));
      }
    }
  } catch (error) {
    if (!isUnread(error)) throw error;
    return { ...nothing, state: 'unread' };
  }
  return {
    datapath,
    state: 'read',
    drops: dropsOf(network, datapath, base),
    missing,
    foreign,
  };
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
