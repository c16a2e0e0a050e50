import { codeOf } from '../../common/errors.js';
import type { SwitchCheck } from '../../protocol/api/sdn-app.js';
import { isVehicleFlow } from '../flow-runner.js';
import { readBlocks, reconciling, wantedBase } from '../reconcile.js';
import { dropsOf } from '../redirect/base.js';
import { baseSlice, decodeCookie } from '../redirect/cookie.js';
import { difference } from '../redirect/difference.js';
import { vehicleFlows } from '../redirect/vehicle.js';
import type { SdnService } from '../service.js';
import type { FlowMod, FlowStats, FlowSwitch } from '../switch/flow-switch.js';
import { viewOf } from '../vehicles.js';

type OneSwitch = SwitchCheck['switches'][number];
type Row = SwitchCheck['flows'][number];

/**
 * Reads the switches back and compares them with what should be there. A change in flight may show as a difference. A
 * switch that is away or does not answer is named, and stops nobody.
 */
export async function checkSwitches(service: SdnService): Promise<SwitchCheck> {
  const flows: Row[] = [];
  const switches: OneSwitch[] = [];
  for (const one of service.deps.switches) switches.push(await checkOne(service, one, flows));
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

async function checkOne(service: SdnService, { datapath, connected }: FlowSwitch, flows: Row[]): Promise<OneSwitch> {
  const nothing = { datapath, drops: {}, missing: 0, foreign: 0 };
  if (!connected) return { ...nothing, state: 'away' };
  const { runner, vehicles } = service.active;
  const { network } = service;
  const deps = reconciling(service.options, service.deps, vehicles, runner);
  const mods: FlowMod[] = [];
  let base: readonly FlowStats[];
  const rows: Row[] = [];
  try {
    base = await readBase(service, datapath);
    mods.push(...difference(base, wantedBase(network, datapath)));
    rows.push(...base.flatMap(stats => row(datapath, stats)));
    for await (const block of readBlocks(deps, datapath)) {
      const numbers = new Set([...block.flows.keys(), ...block.vehicles.map(({ number }) => number)]);
      for (const number of numbers) {
        const vehicle = vehicles.numbered(number);
        const found = (block.flows.get(number) ?? []).filter(isVehicleFlow);
        mods.push(...difference(found, vehicle === undefined ? [] : vehicleFlows(network, datapath, viewOf(vehicle))));
        rows.push(...found.flatMap(stats => row(datapath, stats)));
      }
    }
  } catch (error) {
    if (!isUnread(error)) throw error;
    return { ...nothing, state: 'unread' };
  }
  flows.push(...rows);
  return {
    datapath,
    state: 'read',
    drops: dropsOf(network, datapath, base),
    missing: mods.filter(mod => mod.op === 'add').length,
    foreign: mods.filter(mod => mod.op === 'delete').length,
  };
}

async function readBase({ deps }: SdnService, datapath: number): Promise<readonly FlowStats[]> {
  return (await deps.switches.find(one => one.datapath === datapath)?.readFlows(baseSlice)) ?? [];
}

const isUnread = (error: unknown): boolean => ['SWITCH_AWAY', 'DEADLINE'].includes(codeOf(error));

function row(datapath: number, stats: FlowStats): Row[] {
  const { table, priority, packets } = stats;
  const cookie = decodeCookie(stats.cookie);
  return cookie === undefined
    ? []
    : [{ datapath, table, priority, packets, vehicle: cookie.number, epochLow: cookie.epochLow, kind: cookie.kind }];
}
