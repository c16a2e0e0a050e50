import type { HostRef } from '../../protocol/api/common.js';
import type { VehicleFlows } from '../../protocol/api/sdn-app.js';
import type { HostHealth } from '../../protocol/api/vmd.js';
import type { OwnerRow } from '../../store/types.js';
import type { Leaving, Move, Redirected, Stage, VehicleState } from './state.js';
import { namedHosts, outranks, targetOf } from './work.js';

/** What a manager finds of a vehicle when it starts. */
export interface Facts {
  readonly vehicle: string;
  readonly number: number;
  readonly term: number;
  readonly owner: OwnerRow;
  readonly ownerHost: HostRef;
  /** The highest epoch ever burnt for it. */
  readonly highestEpoch: number;
  /** State in the open ledger row: written with an intent, or after it. */
  readonly open?: VehicleState;
  /** What the switch does, by sdn-app's word. */
  readonly flows?: VehicleFlows;
  /** Slots that hosts hold for it. */
  readonly slots: readonly { readonly host: HostRef; readonly slot: HostHealth['slots'][number] }[];
  readonly seen: readonly string[];
}

/**
 * Whether an open row is one that somebody wrote too late: the vehicle has been claimed since, by another hand-over of a higher
 * epoch. Only a manager that led no more can have written it.
 */
export function isSuperseded(open: VehicleState, owner: OwnerRow): boolean {
  const { run } = open;
  if (run === undefined || run.record.id === owner.handover) return false;
  return owner.epoch > (run.record.epoch ?? open.highestEpoch);
}

/**
 * The state that the earlier manager had, as far as it matters (pure): the intent, corrected by the owner row, the
 * hosts and the switch, so that `resumed` rolls it forward. Slots that nobody names are given back.
 */
export function recover(facts: Facts): VehicleState {
  const { vehicle, number, term, owner, ownerHost, flows, slots } = facts;
  const acting: VehicleState['twin'] = {
    host: ownerHost,
    epoch: owner.epoch,
    actingEpoch: owner.epoch,
    acts: true,
    health: { is: 'alive' },
  };
  const base: VehicleState = facts.open ?? {
    vehicle,
    number,
    term,
    twin: acting,
    highestEpoch: 0,
    leaving: [],
    seen: [],
  };
  const stage = base.run === undefined ? undefined : correct(base, base.run.stage, facts);
  const twin = base.run === undefined || stage?.at === 'returning' ? redirected(acting, flows) : base.twin;
  const attachment = flows?.attachment ?? base.attachment;
  // An attempt that fails brings the flow back only where it may have gone; the row may be older than that.
  const redirectSent = base.run?.redirectSent === true || (flows !== undefined && flows.host.host !== twin.host.host);
  const state: VehicleState = {
    ...base,
    twin,
    term,
    highestEpoch: Math.max(facts.highestEpoch, base.highestEpoch, owner.epoch),
    ...(attachment === undefined ? {} : { attachment }),
    ...(base.run === undefined || stage === undefined
      ? {}
      : { run: { ...base.run, stage, intended: true, redirectSent } }),
    // The digest of one that stood down went down with the old manager: asked for again before the new one acts.
    leaving: base.leaving.map(item =>
      stage?.at === 'activating' && item.stage === 'draining' ? standingDown(item) : item,
    ),
    seen: [...new Set([...base.seen, ...facts.seen])].slice(-32),
  };
  const named = namedHosts(state);
  const strays = slots.filter(({ host }) => !named.includes(host.host));
  return { ...state, leaving: [...state.leaving, ...strays.map(stray => leavingOf(stray))] };
}

/** How far it came after the last write: answers that the old manager did not live to write down. */
function correct(base: VehicleState, stage: Stage, facts: Facts): Stage {
  const { owner, flows, slots } = facts;
  if (stage.at === 'settling' || stage.at === 'activating' || base.run === undefined) return stage;
  if (stage.at === 'returning') return { at: 'returning', reason: stage.reason, intentDurable: false };
  if (!('target' in stage) || stage.at === 'burning') return stage;
  const { target, epoch } = stage;
  if (stage.at === 'claiming' && stage.then !== undefined) return { at: 'claiming', target, epoch, then: stage.then };
  const ours = owner.epoch === epoch && owner.handover === base.run.record.id;
  const redirected = flows?.host.host === target.host && flows.highestEpoch >= epoch;
  // By ticket: the flow goes there before the host is ready.
  if (stage.at === 'readying' && !ours) return stage;
  if (ours || redirected) return { at: 'claiming', target, epoch };
  if (stage.at !== 'preparing') return { at: 'redirecting', target, epoch };
  const prepared = slots.some(({ host, slot }) => host.host === target.host && slot.highestEpoch === epoch);
  return { ...stage, intentDurable: true, prepared };
}

/**
 * What sdn-app did or saw and the earlier manager did not live to write down: the move to where the device is, redirected
 * where the flow goes to a host that nobody here has sent it to. `slotAt` tells of the standby slot there.
 */
export function catchUp(
  state: VehicleState,
  flows: VehicleFlows,
  slotAt: (host: HostRef) => Pick<Redirected, 'way' | 'held' | 'health'>,
  move: { readonly id: string; readonly atMs: number },
): Move | undefined {
  const { attachment: to, host, highestEpoch: epoch } = flows;
  const { twin, run, next } = state;
  if (to === undefined) return undefined;
  const plain: Move = { id: move.id, to, first: twin.actingEpoch === 0, phases: {} };
  const target = run === undefined ? undefined : targetOf(run.stage);
  const there = host.host === twin.host.host || host.host === target?.host;
  // One that an attempt outranks is told, too, unless it is known that the flow may be there, and of its way out.
  const isLeaving = state.leaving.some(item => item.host.host === host.host);
  const known = run !== undefined && !outranks(state, epoch) && run.redirectSent && isLeaving;
  if (!there && epoch > twin.epoch && !known)
    return { ...plain, redirected: { ...slotAt(host), host, epoch, atMs: move.atMs } };
  const heading = next?.to.domain ?? run?.record.toDomain ?? twin.host.domain;
  return to.domain === heading ? undefined : plain;
}

/** Where the owner's host is reached by a redirect of a later epoch than its claim (a hand-over that went back). */
function redirected(twin: VehicleState['twin'], flows: VehicleFlows | undefined): VehicleState['twin'] {
  return flows?.host.host === twin.host.host ? { ...twin, epoch: Math.max(twin.epoch, flows.highestEpoch) } : twin;
}

function standingDown(item: Leaving): Leaving {
  const { untilMs: _, ...rest } = item;
  return { ...rest, stage: 'standingDown' };
}

function leavingOf({ host, slot }: Facts['slots'][number]): Leaving {
  const stage = slot.actingEpoch === undefined ? 'draining' : 'standingDown';
  return {
    host,
    handover: slot.handover ?? 'recovery',
    attempt: 0,
    way: 'manager',
    stage,
    wayOut: true,
    reachable: true,
  };
}
