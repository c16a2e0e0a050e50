import type { Digest } from '../../protocol/api/vmd.js';
import { burnAgain, burnEpoch, dropTarget, end, giveUp, newAttempt, returnToTwin, tryAnother } from './attempt.js';
import { awaitsStandDown, leave, retireParked } from './leaving.js';
import { follow } from './redirected.js';
import type { Of } from './state.js';
import {
  currentRun,
  flowFollows,
  headerOf,
  setRecord,
  setRun,
  setStage,
  stampPhase,
  targetOf,
  type Work,
} from './work.js';

/** The way of one attempt from its epoch to a twin that acts: prepare and intent, redirect, claim, activate. */

export function onEpochBurnt(w: Work, of: Of, epoch: number): void {
  const run = currentRun(w, of);
  if (run?.stage.at !== 'burning' && !(run?.stage.at === 'returning' && run.stage.epoch === undefined)) return;
  if (epoch <= w.s.highestEpoch) {
    burnEpoch(w);
    return;
  }
  w.s = { ...w.s, highestEpoch: epoch };
  setRecord(w, { epoch });
  if (run.stage.at === 'returning') setStage(w, { ...run.stage, epoch });
  else {
    const { target } = run.stage;
    const untilMs = w.now + w.timing.prepareMs;
    setStage(w, { at: 'preparing', target, epoch, intentDurable: false, prepared: false, untilMs });
    w.effects.push({ do: 'prepare', header: headerOf(w, run, epoch), host: target });
  }
  w.effects.push({ do: 'putIntent', of });
}

export function onIntentDurable(w: Work, of: Of): void {
  const stage = currentRun(w, of)?.stage;
  if (stage?.at === 'readying') {
    setStage(w, { ...stage, recorded: true });
    claimWhenReady(w);
    return;
  }
  if (stage?.at !== 'preparing' && stage?.at !== 'returning') return;
  if (stage.intentDurable) return;
  setRun(w, { intended: true, stage: { ...stage, intentDurable: true } });
  if (stage.at === 'preparing') redirectWhenReady(w);
  else sendBack(w);
}

export function onPrepared(w: Work, of: Of): void {
  const stage = currentRun(w, of)?.stage;
  if ((stage?.at !== 'preparing' && stage?.at !== 'readying') || stage.prepared) return;
  setStage(w, { ...stage, prepared: true });
  stampPhase(w, 'prepared');
  if (stage.at === 'readying') claimWhenReady(w);
  else redirectWhenReady(w);
}

function claimWhenReady(w: Work): void {
  const run = w.s.run;
  if (run?.stage.at !== 'readying' || !run.stage.prepared || !run.stage.recorded) return;
  const { target, epoch } = run.stage;
  setStage(w, { at: 'claiming', target, epoch });
  w.effects.push({ do: 'claim', header: headerOf(w, run, epoch), host: target });
}

export function failPrepare(w: Work): void {
  const target = w.s.run === undefined ? undefined : targetOf(w.s.run.stage);
  if (target === undefined) return;
  dropTarget(w);
  tryAnother(w, target.host, 'prepare-failed');
}

export function redirectWhenReady(w: Work): void {
  const run = w.s.run;
  if (run?.stage.at !== 'preparing' || !run.stage.prepared || !run.stage.intentDurable) return;
  const { target, epoch } = run.stage;
  setRun(w, { redirectSent: true, stage: { at: 'redirecting', target, epoch } });
  w.effects.push({ do: 'redirect', header: headerOf(w, run, epoch), host: target });
}

export function sendBack(w: Work): void {
  const run = w.s.run;
  if (run?.stage.at !== 'returning' || run.stage.epoch === undefined) return;
  w.effects.push({ do: 'redirect', header: headerOf(w, run, run.stage.epoch), host: w.s.twin.host });
}

export function onRedirected(w: Work, of: Of): void {
  const run = currentRun(w, of);
  if (run?.stage.at === 'redirecting') {
    const { target, epoch } = run.stage;
    flowFollows(w);
    stampPhase(w, 'redirected');
    setStage(w, { at: 'claiming', target, epoch });
    w.effects.push({ do: 'claim', header: headerOf(w, run, epoch), host: target });
    retireParked(w);
  } else if (run?.stage.at === 'returning' && run.stage.epoch !== undefined && run.stage.intentDurable) {
    w.s = { ...w.s, twin: { ...w.s.twin, epoch: run.stage.epoch } };
    setRun(w, { redirectSent: false });
    retireParked(w);
    // Where the target has become the twin, it was the flow alone that was elsewhere.
    if (run.record.toHost === w.s.twin.host.host) end(w, 'completed');
    else end(w, 'failed', run.stage.reason);
  }
}

export function onRedirectStale(w: Work, of: Of): void {
  const run = currentRun(w, of);
  if (run?.stage.at === 'redirecting') burnAgain(w, run.stage.target);
  else if (run?.stage.at === 'returning' && run.stage.intentDurable) giveUp(w, run.stage.reason);
}

export function onOwnerRead(w: Work, of: Of, owner: Of & { epoch: number }): void {
  const run = currentRun(w, of);
  if (run?.stage.at !== 'claiming') return;
  const { target, epoch } = run.stage;
  const ours = owner.epoch === epoch && owner.handover === of.handover && owner.attempt === of.attempt;
  if (ours) onClaimApplied(w, of);
  else if (owner.epoch < epoch) w.effects.push({ do: 'claim', header: headerOf(w, run, epoch), host: target });
  else if (run.stage.then !== undefined) follow(w, run.stage.then);
  else if (run.stage.lost !== undefined) {
    dropTarget(w, run.stage.lost);
    newAttempt(w);
  } else burnAgain(w, target);
}

export function onClaimApplied(w: Work, of: Of): void {
  const run = currentRun(w, of);
  if (run?.stage.at !== 'claiming') return;
  const { target, epoch, then, lost: health = { is: 'alive' } } = run.stage;
  const old = w.s.twin;
  w.s = {
    ...w.s,
    twin: { host: target, epoch, actingEpoch: epoch, acts: false, health },
  };
  setStage(w, { at: 'activating', epoch, sent: false });
  const way = run.record.way ?? 'manager';
  leave(w, { host: old.host, health: old.health, of, way, acts: old.acts, wayOut: true, reported: true });
  if (then !== undefined) follow(w, then);
  else if (health.is !== 'alive') newAttempt(w);
}

export function keepDigest(w: Work, digest: Digest | undefined): void {
  const stage = w.s.run?.stage;
  if (digest !== undefined && stage?.at === 'activating' && !stage.sent) setStage(w, { ...stage, digest });
}

/** A new host acts from the claim on, but not before every older one has stood down, is dead, or its lease ran out. */
export function activateWhenAlone(w: Work): void {
  const run = w.s.run;
  if (run?.stage.at !== 'activating' || run.stage.sent || awaitsStandDown(w)) return;
  const { epoch, digest } = run.stage;
  setStage(w, { at: 'activating', epoch, sent: true });
  w.s = { ...w.s, twin: { ...w.s.twin, acts: true } };
  const order = { do: 'activate', header: headerOf(w, run, epoch), host: w.s.twin.host } as const;
  w.effects.push(digest === undefined ? order : { ...order, digest });
}

export function onActivated(w: Work, of: Of): void {
  const run = currentRun(w, of);
  if (run?.stage.at !== 'activating' || !run.stage.sent) return;
  stampPhase(w, 'activated');
  if (run.flowLeft) return returnToTwin(w, 'flow-left');
  setStage(w, { at: 'settling', epoch: run.stage.epoch, untilMs: w.now + w.timing.settleMs });
}
