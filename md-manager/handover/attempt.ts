import type { HostRef } from '../../protocol/api/common.js';
import type { HandoverRecord } from '../../protocol/api/md-manager.js';
import { leave } from './leaving.js';
import type { Health, Move, Run } from './state.js';
import { ofRun, setRecord, setRun, setStage, stampPhase, targetOf, type Work } from './work.js';

/** How hand-overs and their attempts begin and end. */

/** Targets that may fail before the vehicle stays where it is. */
const MAX_FAILED_TARGETS = 4;
const SEEN_LIMIT = 32;

export const twinServes = (w: Work): boolean => w.s.twin.health.is === 'alive';

export function remember(w: Work, id: string): void {
  w.s = { ...w.s, seen: [...w.s.seen, id].slice(-SEEN_LIMIT) };
}

/** A move begins its hand-over, waits for the dwell to pass, or is none because the twin is there already. */
export function beginOrDefer(w: Work, move: Move): void {
  if (move.to.domain === w.s.twin.host.domain && twinServes(w)) {
    dropNext(w, move);
    recordMove(w, move, { kind: 'same-domain', result: 'completed' });
    return;
  }
  const { lastStartedAtMs } = w.s;
  if (lastStartedAtMs !== undefined && w.now - lastStartedAtMs < w.timing.dwellMs) {
    postpone(w, move);
    return;
  }
  dropNext(w, move);
  begin(w, {
    id: move.id,
    kind: move.first ? 'first' : 'move',
    toDomain: move.to.domain,
    phases: move.phases,
    domains: [move.to.domain],
  });
}

/** Remembers the latest move only; the one that it replaces ends here. */
export function postpone(w: Work, move: Move): void {
  dropNext(w, move);
  w.s = { ...w.s, next: move };
}

export function beginHostLost(w: Work, id: string): void {
  const domain = w.s.attachment?.domain ?? w.s.twin.host.domain;
  begin(w, { id, kind: 'host-lost', toDomain: domain, phases: {}, domains: [domain] });
}

export interface Beginning {
  readonly id: string;
  readonly kind: HandoverRecord['kind'];
  readonly toDomain: string;
  readonly phases: HandoverRecord['phases'];
  readonly domains: readonly string[];
}

export function begin(w: Work, from: Beginning): void {
  openRun(w, from);
  newAttempt(w);
}

/** A hand-over without an attempt yet. */
export function openRun(w: Work, from: Beginning): void {
  const { id, kind, toDomain, phases, domains } = from;
  const { host } = w.s.twin;
  const { next: _, ...rest } = w.s;
  const run: Run = {
    record: {
      id,
      vehicle: w.s.vehicle,
      kind,
      way: 'manager',
      result: 'running',
      fromDomain: host.domain,
      fromHost: host.host,
      toDomain,
      attempt: 0,
      phases,
      startedAtMs: w.now,
    },
    domains,
    avoid: [],
    stage: { at: 'reserving' },
    intended: false,
    redirectSent: false,
    reported: false,
  };
  w.s = { ...rest, run, lastStartedAtMs: w.now };
}

/** Looks for a slot again; the old attempt's answers are late from here on. */
export function newAttempt(w: Work): void {
  const run = w.s.run;
  if (run === undefined) return;
  setRecord(w, { attempt: run.record.attempt + 1, way: 'manager' });
  setRun(w, { reported: false });
  lookForSlot(w);
}

export function lookForSlot(w: Work): void {
  const run = w.s.run;
  if (run === undefined) return;
  setStage(w, { at: 'reserving' });
  w.effects.push({
    do: 'reserve',
    of: ofRun(run),
    domains: run.domains,
    // A vehicle that nobody serves takes a slot wherever there is one.
    anywhere: !twinServes(w),
    avoid: run.avoid,
  });
}

/** The same target under a new epoch: somebody has seen a newer one. */
export function burnAgain(w: Work, target: HostRef): void {
  const run = w.s.run;
  if (run === undefined) return;
  setRecord(w, { attempt: run.record.attempt + 1 });
  burn(w, target);
}

export function burn(w: Work, target: HostRef): void {
  setStage(w, { at: 'burning', target });
  burnEpoch(w);
}

export function burnEpoch(w: Work): void {
  if (w.s.run !== undefined) w.effects.push({ do: 'burnEpoch', of: ofRun(w.s.run), above: w.s.highestEpoch });
}

/** Gives up the slot of this attempt. `health` tells of its host. */
export function dropTarget(w: Work, health: Health = { is: 'alive' }): void {
  const run = w.s.run;
  const host = run === undefined ? undefined : targetOf(run.stage);
  if (run === undefined || host === undefined) return;
  const wayOut = ['redirecting', 'readying', 'claiming'].includes(run.stage.at);
  const way = run.record.way ?? 'manager';
  setStage(w, { at: 'reserving' });
  leave(w, { host, health, of: ofRun(run), way, acts: false, wayOut, reported: run.reported });
}

/** The target failed: another slot, else stay. */
export function tryAnother(w: Work, host: string, reason: string): void {
  const avoid = [...(w.s.run?.avoid ?? []), host];
  setRun(w, { avoid });
  if (avoid.length >= MAX_FAILED_TARGETS) giveUp(w, reason);
  else newAttempt(w);
}

/** No slot is to be had. The old twin stays; without one, the search goes on after a pause. */
export function giveUp(w: Work, reason: string): void {
  const run = w.s.run;
  if (run === undefined) return;
  if (!twinServes(w)) {
    setRun(w, { avoid: [], stage: { at: 'pausing', untilMs: w.now + w.timing.pauseMs } });
  } else if (run.redirectSent) returnToTwin(w, reason);
  else end(w, 'failed', reason);
}

/** The switch may point to a slot that failed: the flow goes back to the twin before the hand-over ends. */
export function returnToTwin(w: Work, reason: string): void {
  const run = w.s.run;
  if (run === undefined) return;
  setRecord(w, { attempt: run.record.attempt + 1 });
  setStage(w, { at: 'returning', reason, intentDurable: false });
  burnEpoch(w);
}

export function end(w: Work, result: 'completed' | 'failed' | 'cancelled', reason?: string): void {
  const run = w.s.run;
  if (run === undefined) return;
  if (result === 'completed') stampPhase(w, 'completed');
  setRecord(w, { result, endedAtMs: w.now, ...(reason === undefined ? {} : { reason }) });
  const { run: ended, ...rest } = w.s;
  if (ended === undefined) return;
  w.s = rest;
  w.effects.push({ do: 'record', record: ended.record });
  const { next, attachment, twin } = w.s;
  if (next !== undefined) beginOrDefer(w, next);
  else if (ended.record.kind === 'host-lost' && attachment !== undefined && attachment.domain !== twin.host.domain)
    // Saved by another domain: home again once the dwell has passed.
    beginOrDefer(w, { id: `${ended.record.id}-home`, to: attachment, first: false, phases: {} });
}

/** The ledger row of a move that is no hand-over of its own. */
export function recordMove(
  w: Work,
  move: Move,
  as: { readonly kind: 'move' | 'same-domain'; readonly result: 'completed' | 'cancelled'; readonly reason?: string },
): void {
  const { host } = w.s.twin;
  const record: HandoverRecord = {
    id: move.id,
    vehicle: w.s.vehicle,
    ...as,
    fromDomain: host.domain,
    toDomain: move.to.domain,
    fromHost: host.host,
    attempt: 0,
    phases: as.result === 'completed' ? { ...move.phases, completed: w.now } : move.phases,
    startedAtMs: w.now,
    endedAtMs: w.now,
  };
  w.effects.push({ do: 'record', record });
}

/** The move that waited is begun now, or superseded by this one. */
export function dropNext(w: Work, by: Move): void {
  const { next, ...rest } = w.s;
  if (next === undefined) return;
  w.s = rest;
  if (next.id !== by.id) recordMove(w, next, { kind: 'move', result: 'cancelled', reason: 'superseded' });
}
