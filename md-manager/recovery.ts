import { randomUUID } from 'node:crypto';
import { delay } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import type { Log } from '../common/log.js';
import type { VehicleFlows } from '../protocol/api/sdn-app.js';
import type { HostHealth } from '../protocol/api/vmd.js';
import type { ControlStore, DeviceRow } from '../store/types.js';
import { stateOf } from './handover/ledger.js';
import { recover, type Facts } from './handover/recover.js';
import type { Runner } from './handover/runner.js';
import { namedHosts } from './handover/work.js';
import type { Mano } from './mano/mano.js';
import type { SdnClient } from './peers.js';
import type { Pool } from './pool/pool.js';

export interface RecoveryDeps {
  readonly store: ControlStore;
  readonly mano: Mano;
  readonly pool: Pool;
  readonly runner: Runner;
  readonly sdn: SdnClient;
  readonly term: number;
  readonly leaseMs: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const SDN_WAIT_MS = 1_000;
const SDN_RETRY_MS = 500;

/** Rebuilds every vehicle from the control store, the hosts and the switch. Nothing moves yet; see `resumeAll`. */
export async function recoverAll(
  deps: RecoveryDeps,
  devices: readonly DeviceRow[],
  healths: ReadonlyMap<string, HostHealth>,
  seen: ReadonlyMap<string, readonly string[]>,
): Promise<readonly VehicleFlows[] | undefined> {
  const { store, mano, runner, sdn, term, log, signal } = deps;
  const owners = new Map((await store.owners()).map(row => [row.vehicle, row]));
  const open = new Map(
    (await store.openHandovers())
      .sort((a, b) => a.startedAtMs - b.startedAtMs)
      .flatMap(row => {
        const state = stateOf(row);
        return state === undefined ? [] : [[row.vehicle, state] as const];
      }),
  );
  const patience = AbortSignal.any([signal, AbortSignal.timeout(SDN_WAIT_MS)]);
  const flows = await sdn.vehicles(patience).catch(() => undefined);
  const flowsOf = new Map((flows ?? []).map(row => [row.vehicle, row]));
  const slots = slotsByVehicle(healths);
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
      highestEpoch: await store.highestEpoch(vehicle),
      slots: slots.get(vehicle) ?? [],
      seen: seen.get(vehicle) ?? [],
      ...(intent === undefined ? {} : { open: intent }),
      ...(flow === undefined ? {} : { flows: flow }),
    };
    runner.add(recover(facts));
    const stage = intent?.run?.stage.at;
    log.info({ event: 'manager.vehicle.recovered', vehicle, host: owner.host, epoch: owner.epoch, stage });
  }
  return flows;
}

/** Sets every vehicle going: what was asked for is asked again, hosts that are gone are named. */
export function resumeAll(deps: RecoveryDeps): void {
  const { runner, pool, mano } = deps;
  const alive = new Set(mano.list().map(({ host }) => host));
  const named = new Set(runner.states().flatMap(namedHosts));
  for (const { vehicle } of runner.states()) runner.dispatch(vehicle, { type: 'resumed' });
  for (const host of named) if (pool.link(host) === undefined) runner.hostLost(host, !alive.has(host));
}

/** Moves that the earlier manager did not live to begin: the attachment that sdn-app knows decides. */
export async function followAttachments(deps: RecoveryDeps, known: readonly VehicleFlows[] | undefined): Promise<void> {
  const { runner, sdn, log, signal } = deps;
  let flows = known;
  while (flows === undefined && !signal.aborted) {
    flows = await sdn.vehicles(signal).catch((error: unknown) => {
      log.debug({ event: 'manager.effect.failed', effect: 'readSdn', error: messageOf(error) });
      return undefined;
    });
    if (flows === undefined) await delay(SDN_RETRY_MS, signal).catch(() => undefined);
  }
  for (const { vehicle, attachment: to } of flows ?? []) {
    const state = runner.state(vehicle);
    if (to === undefined || state === undefined || state.run !== undefined || state.next !== undefined) continue;
    if (to.domain === state.twin.host.domain) continue;
    const first = state.twin.actingEpoch === 0;
    runner.dispatch(vehicle, { type: 'attachmentChanged', move: { id: randomUUID(), to, first, phases: {} } });
  }
}

function slotsByVehicle(healths: ReadonlyMap<string, HostHealth>): Map<string, Facts['slots'][number][]> {
  const found = new Map<string, Facts['slots'][number][]>();
  for (const { host, slots } of healths.values()) {
    for (const slot of slots) {
      if (slot.vehicle === undefined) continue;
      found.set(slot.vehicle, [...(found.get(slot.vehicle) ?? []), { host, slot }]);
    }
  }
  return found;
}
