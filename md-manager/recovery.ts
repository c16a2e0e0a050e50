import { randomUUID } from 'node:crypto';
import { delay, type Clock } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import type { Log } from '../common/log.js';
import type { VehicleFlows } from '../protocol/api/sdn-app.js';
import type { HostHealth } from '../protocol/api/vmd.js';
import type { ControlStore, DeviceRow, HandoverRow, OwnerRow, StandbyRow } from '../store/types.js';
import type { Standby } from './arming/standby.js';
import { rowOf, stateOf } from './handover/ledger.js';
import { catchUp, isSuperseded, recover, type Facts } from './handover/recover.js';
import type { Runner } from './handover/runner.js';
import type { VehicleState } from './handover/state.js';
import { namedHosts } from './handover/work.js';
import type { Mano } from './mano/mano.js';
import type { SdnClient } from './peers.js';
import type { Pool } from './pool/pool.js';

export interface RecoveryDeps {
  readonly store: ControlStore;
  readonly mano: Mano;
  readonly pool: Pool;
  readonly runner: Runner;
  readonly standby: Standby;
  readonly sdn: SdnClient;
  readonly term: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A lease that has run out, and this, is a take-over: within 3 s. */
const SDN_WAIT_MS = 600;
const SDN_RETRY_MS = 500;

/** What there is to rebuild every vehicle from; `flows`: absent where sdn-app is silent. */
export interface Found {
  readonly devices: readonly DeviceRow[];
  readonly owners: readonly OwnerRow[];
  readonly open: readonly HandoverRow[];
  readonly leases: readonly StandbyRow[];
  readonly highest: ReadonlyMap<string, number>;
  readonly healths: ReadonlyMap<string, HostHealth>;
  readonly flows: readonly VehicleFlows[] | undefined;
}

/** Asks the control store, the hosts and the switch, all at once. */
export async function findAll({ store, pool, sdn, signal }: RecoveryDeps): Promise<Found> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(SDN_WAIT_MS)]);
  const [flows, healths, devices, owners, open, leases, highest] = await Promise.all([
    sdn.vehicles(patience).catch(() => undefined),
    pool.adopt(),
    store.devices(),
    store.owners(),
    store.openHandovers(),
    store.standbys(),
    store.highestEpochs(),
  ]);
  return { devices, owners, open, leases, highest, healths, flows };
}

/** Rebuilds every vehicle. Nothing moves yet; see `resumeAll`. */
export async function recoverAll(
  deps: RecoveryDeps,
  found: Found,
  seen: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const { mano, runner, standby, term, log } = deps;
  const { devices, leases, highest, healths, flows } = found;
  const owners = new Map(found.owners.map(row => [row.vehicle, row]));
  const open = new Map<string, VehicleState>();
  for (const row of [...found.open].sort((a, b) => a.startedAtMs - b.startedAtMs)) {
    const state = stateOf(row);
    const owner = owners.get(row.vehicle);
    if (state === undefined) continue;
    if (owner === undefined || !isSuperseded(state, owner)) open.set(row.vehicle, state);
    else await endLate(deps, row, state, owner);
  }
  const flowsOf = new Map((flows ?? []).map(row => [row.vehicle, row]));
  const slots = slotsByVehicle(healths, leases);
  for (const { vehicle, number } of devices) {
    const owner = owners.get(vehicle);
    // Registered, but never given a twin: the device asks again.
    if (owner === undefined) continue;
    const intent = open.get(vehicle);
    const flow = flowsOf.get(vehicle);
    const facts: Facts = {
      vehicle,
      number,
      term,
      owner,
      ownerHost: mano.placeOf(owner.host),
      highestEpoch: highest.get(vehicle) ?? 0,
      slots: slots.get(vehicle) ?? [],
      seen: seen.get(vehicle) ?? [],
      ...(intent === undefined ? {} : { open: intent }),
      ...(flow === undefined ? {} : { flows: flow }),
    };
    runner.add(recover(facts));
    const stage = intent?.run?.stage.at;
    log.info({ event: 'manager.vehicle.recovered', vehicle, host: owner.host, epoch: owner.epoch, stage });
  }
  standby.load(leases, healths, runner.states(), host => mano.placeOf(host));
}

/** A row that came too late is closed, so that no later manager meets it. */
async function endLate(
  { store, clock, log }: RecoveryDeps,
  { id, vehicle }: HandoverRow,
  { run }: VehicleState,
  { handover, epoch }: OwnerRow,
): Promise<void> {
  log.warn({ event: 'manager.vehicle.superseded', vehicle, handover: id, by: handover, epoch });
  if (run === undefined) return;
  // What was claimed in its time came to its end, whoever did not live to write it.
  const claimed = run.stage.at === 'activating' || run.stage.at === 'settling';
  const ended = claimed
    ? { result: 'completed' as const }
    : { result: 'cancelled' as const, reason: `superseded by ${handover}` };
  await store.putHandover(rowOf({ ...run.record, ...ended, endedAtMs: clock.stampMs() }));
}

/** Sets every vehicle going: what was asked for is asked again, hosts that are gone are named. */
export function resumeAll(deps: RecoveryDeps): void {
  const { runner, pool, mano } = deps;
  const alive = new Set(mano.list().map(({ host }) => host));
  const named = new Set(runner.states().flatMap(namedHosts));
  for (const { vehicle } of runner.states()) runner.dispatch(vehicle, { type: 'resumed' });
  for (const host of named) if (pool.link(host) === undefined) runner.hostLost(host, !alive.has(host));
}

/** Moves that the earlier manager did not live to write down: where sdn-app knows the device, and what it has redirected. */
export async function followAttachments(deps: RecoveryDeps, known: readonly VehicleFlows[] | undefined): Promise<void> {
  const { runner, standby, sdn, clock, log, signal } = deps;
  let flows = known;
  while (flows === undefined && !signal.aborted) {
    flows = await sdn.vehicles(signal).catch((error: unknown) => {
      log.debug({ event: 'manager.effect.failed', effect: 'readSdn', error: messageOf(error) });
      return undefined;
    });
    if (flows === undefined) await delay(SDN_RETRY_MS, signal).catch(() => undefined);
  }
  for (const row of flows ?? []) {
    const { vehicle } = row;
    const state = runner.state(vehicle);
    if (state === undefined) continue;
    const id = randomUUID();
    const move = catchUp(state, row, host => standby.take(vehicle, id, { host }), { id, atMs: clock.stampMs() });
    if (move !== undefined) runner.dispatch(vehicle, { type: 'attachmentChanged', move });
  }
}

/** Slots that are kept under leases left out. */
function slotsByVehicle(
  healths: ReadonlyMap<string, HostHealth>,
  leases: readonly StandbyRow[],
): Map<string, Facts['slots'][number][]> {
  const kept = new Set(leases.map(({ lease }) => lease));
  const found = new Map<string, Facts['slots'][number][]>();
  for (const { host, slots } of healths.values()) {
    for (const slot of slots) {
      if (slot.vehicle === undefined || kept.has(slot.handover ?? '')) continue;
      found.set(slot.vehicle, [...(found.get(slot.vehicle) ?? []), { host, slot }]);
    }
  }
  return found;
}
