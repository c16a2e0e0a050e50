import {
  beginHostLost,
  beginOrDefer,
  burn,
  burnEpoch,
  dropTarget,
  end,
  giveUp,
  lookForSlot,
  newAttempt,
  twinServes,
} from './attempt.js';
import {
  activateWhenAlone,
  failPrepare,
  keepDigest,
  onActivated,
  onClaimApplied,
  onEpochBurnt,
  onIntentDurable,
  onOwnerRead,
  onPrepared,
  onRedirected,
  onRedirectStale,
  redirectWhenReady,
  sendBack,
} from './commit.js';
import {
  advanceLeaving,
  onDrained,
  onLeavingLost,
  onReleased,
  onRetired,
  onRetireStale,
  onStoodDown,
  resumeLeaving,
} from './leaving.js';
import { onMove } from './moves.js';
import { onOrdered } from './ordered.js';
import { loseRedirected } from './redirected.js';
import { DEFAULT_TIMING } from './state.js';
import type { Effect, HandoverEvent, Health, Of, Timing, VehicleState } from './state.js';
import {
  currentRun,
  headerOf,
  isPrepared,
  namedHosts,
  ofRun,
  setRecord,
  setRun,
  setStage,
  stampPhase,
} from './work.js';
import { targetOf, type Work } from './work.js';

/**
 * The hand-over machine of one vehicle (DESIGN §6), pure. Late and repeated events change nothing. `now` is in Unix
 * milliseconds. Effects are in the order in which they are to begin.
 */
export function step(
  state: VehicleState,
  event: HandoverEvent,
  now: number,
  timing: Timing = DEFAULT_TIMING,
): readonly [VehicleState, ...Effect[]] {
  const w: Work = { s: state, effects: [], now, timing };
  handle(w, event);
  activateWhenAlone(w);
  completeWhenSettled(w);
  return [w.s, ...w.effects];
}

function handle(w: Work, event: HandoverEvent): void {
  switch (event.type) {
    case 'attachmentChanged':
      return onMove(w, event.move);
    case 'slotReserved':
      return onSlotReserved(w, event);
    case 'poolEmpty':
      return onPoolEmpty(w, event.of);
    case 'hostReady':
      if (orders(w, event.domain)) lookForSlot(w);
      return;
    case 'orderFailed':
      if (orders(w, event.domain)) giveUp(w, 'pool-empty');
      return;
    case 'epochBurnt':
      return onEpochBurnt(w, event.of, event.epoch);
    case 'intentDurable':
      return onIntentDurable(w, event.of);
    case 'prepared':
      return onPrepared(w, event.of);
    case 'prepareFailed':
      if (['preparing', 'readying'].includes(currentRun(w, event.of)?.stage.at ?? 'none')) failPrepare(w);
      return;
    case 'redirected':
      return onRedirected(w, event.of);
    case 'redirectStale':
      return onRedirectStale(w, event.of);
    case 'claimed':
      if (event.outcome === 'applied') return onClaimApplied(w, event.of);
      if (currentRun(w, event.of)?.stage.at === 'claiming') w.effects.push({ do: 'readOwner', of: event.of });
      return;
    case 'ownerRead':
      return onOwnerRead(w, event.of, event.owner);
    case 'activated':
      return onActivated(w, event.of);
    case 'activateRefused':
      if (currentRun(w, event.of)?.stage.at === 'activating') newAttempt(w);
      return;
    case 'stoodDown':
      onStoodDown(w, event.host);
      keepDigest(w, event.digest);
      return;
    case 'firstReport':
      return onFirstReport(w, event.host, event.epoch);
    case 'drained':
      return onDrained(w, event.host);
    case 'retired':
      return onRetired(w, event.host);
    case 'retireStale':
      return onRetireStale(w, event.host);
    case 'released':
      return onReleased(w, event.host);
    case 'hostLost':
      return onHostLost(w, event);
    case 'ordered':
      return onOrdered(w, event);
    case 'tick':
      return onTick(w);
    case 'resumed':
      return onResumed(w);
  }
}

function onSlotReserved(w: Work, event: { of: Of; host: VehicleState['twin']['host'] }): void {
  const run = currentRun(w, event.of);
  if (run?.stage.at !== 'reserving') {
    if (!namedHosts(w.s).includes(event.host.host)) w.effects.push({ do: 'free', host: event.host.host });
    return;
  }
  stampPhase(w, 'initiated');
  setRecord(w, { toDomain: event.host.domain, toHost: event.host.host });
  burn(w, event.host);
}

function onPoolEmpty(w: Work, of: Of): void {
  const run = currentRun(w, of);
  if (run?.stage.at !== 'reserving') return;
  if (run.redirectSent && twinServes(w)) return giveUp(w, 'pool-empty');
  const [domain] = run.domains;
  if (domain === undefined) return giveUp(w, 'pool-empty');
  stampPhase(w, 'initiated');
  setRecord(w, { way: 'cold' });
  setStage(w, { at: 'ordering', untilMs: w.now + w.timing.orderMs });
  w.effects.push({ do: 'orderHost', domain });
}

/** A vehicle that nobody serves takes whatever host comes first. */
function orders(w: Work, domain: string): boolean {
  const run = w.s.run;
  return run?.stage.at === 'ordering' && (run.domains.includes(domain) || !twinServes(w));
}

function onFirstReport(w: Work, host: string, epoch: number): void {
  const run = w.s.run;
  if (run === undefined || !('epoch' in run.stage) || run.stage.epoch !== epoch) return;
  const target = targetOf(run.stage) ?? w.s.twin.host;
  if (target.host === host) setRun(w, { reported: true });
}

function completeWhenSettled(w: Work): void {
  const run = w.s.run;
  if (run?.stage.at !== 'settling' || w.s.leaving.length > 0) return;
  if (run.reported || run.stage.untilMs <= w.now) end(w, 'completed');
}

function onHostLost(w: Work, event: HandoverEvent & { type: 'hostLost' }): void {
  const { host, dead, leaseUntilMs, id } = event;
  const health: Health = dead ? { is: 'dead' } : { is: 'lost', leaseUntilMs };
  onLeavingLost(w, host, health);
  loseRedirected(w, host, health);
  const run = w.s.run;
  if (run !== undefined && targetOf(run.stage)?.host === host) {
    if (run.stage.at === 'claiming') {
      // The owner row may name it already: only the claim's outcome tells who is the twin.
      if (run.stage.lost?.is !== 'dead') setStage(w, { ...run.stage, lost: health });
      return;
    }
    dropTarget(w, health);
    newAttempt(w);
  }
  const { twin } = w.s;
  if (twin.host.host !== host || twin.health.is === 'dead') return;
  if (twin.health.is === 'lost' && !dead) return;
  const first = twin.health.is === 'alive';
  w.s = { ...w.s, twin: { ...twin, health } };
  if (!first) return;
  if (run === undefined) return beginHostLost(w, id);
  // The twin of this very hand-over, or the one to go back to, or the one that would have served while a host starts.
  if (['activating', 'settling', 'returning', 'ordering'].includes(run.stage.at)) newAttempt(w);
}

function onTick(w: Work): void {
  advanceLeaving(w);
  const stage = w.s.run?.stage;
  if (stage !== undefined && 'untilMs' in stage && stage.untilMs <= w.now) {
    if (stage.at === 'ordering') giveUp(w, 'pool-empty');
    else if ((stage.at === 'preparing' || stage.at === 'readying') && !isPrepared(stage)) failPrepare(w);
    else if (stage.at === 'pausing') newAttempt(w);
  }
  if (w.s.run === undefined && w.s.next !== undefined) beginOrDefer(w, w.s.next);
}

function onResumed(w: Work): void {
  resumeLeaving(w);
  const run = w.s.run;
  if (run === undefined) return;
  const of = ofRun(run);
  const { stage } = run;
  if (stage.at === 'reserving' || stage.at === 'ordering') lookForSlot(w);
  else if (stage.at === 'burning') burnEpoch(w);
  else if (stage.at === 'preparing') {
    if (!stage.prepared) w.effects.push({ do: 'prepare', header: headerOf(w, run, stage.epoch), host: stage.target });
    if (!stage.intentDurable) w.effects.push({ do: 'putIntent', of });
    redirectWhenReady(w);
  } else if (stage.at === 'readying') {
    w.effects.push({ do: 'prepare', header: headerOf(w, run, stage.epoch), host: stage.target });
    w.effects.push({ do: 'putIntent', of });
  } else if (stage.at === 'redirecting')
    w.effects.push({ do: 'redirect', header: headerOf(w, run, stage.epoch), host: stage.target });
  else if (stage.at === 'claiming')
    w.effects.push({ do: 'claim', header: headerOf(w, run, stage.epoch), host: stage.target });
  else if (stage.at === 'activating') setStage(w, { ...stage, sent: false });
  else if (stage.at === 'returning') {
    if (stage.epoch === undefined) burnEpoch(w);
    else if (stage.intentDurable) sendBack(w);
    else w.effects.push({ do: 'putIntent', of });
  }
}
