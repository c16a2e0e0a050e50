import { burnAgain, dropNext, dropTarget, newAttempt, openRun, recordMove } from './attempt.js';
import { leave, retireParked } from './leaving.js';
import type { Health, RedirectedMove } from './state.js';
import { flowFollows, headerOf, ofRun, outranks, setRecord, setRun, setStage, targetOf, type Work } from './work.js';

/**
 * Moves whose flow sdn-app has redirected by itself, by an armed slot or a ticket (DESIGN §6). The switch holds the flow
 * with the highest epoch, so of sdn-app's redirect and an attempt of the manager the higher epoch wins; of two equal ones
 * that of sdn-app, which refuses a second host under an epoch.
 */

/** Returns false where what is left is a move like any other. */
export function onRedirectedMove(w: Work, move: RedirectedMove): boolean {
  const { epoch, host } = move.redirected;
  const { twin, run, highestEpoch } = w.s;
  // An equal one was burnt here, and by sdn-app's word no host but this one has the flow under it.
  const newest = epoch >= highestEpoch && epoch > twin.epoch;
  const newer = outranks(w.s, epoch);
  w.s = { ...w.s, highestEpoch: Math.max(highestEpoch, epoch) };
  if (run !== undefined && targetOf(run.stage)?.host === host.host) {
    if (epoch > twin.epoch) setRun(w, { intended: true, redirectSent: true });
    return false;
  }
  if (twin.host.host === host.host) {
    w.s = { ...w.s, twin: { ...twin, epoch: Math.max(twin.epoch, epoch) } };
    if (newer) bringAlong(w);
    return false;
  }
  if (run === undefined) {
    if (epoch > twin.epoch) return begin(w, move, newest);
    // Told too late: the flow has been taken to the twin since.
    letGo(w, move);
    return false;
  }
  if (newer) {
    join(w, move);
    return true;
  }
  // An attempt with a higher epoch is on its way to the switch. Until it is there the flow may go to that host.
  setRun(w, { intended: true, redirectSent: true });
  letGo(w, move);
  return false;
}

/**
 * The flow was at the target of the run, or on its way there, and is back at the twin's own host under a newer epoch. The run goes
 * to its end: a switch that points to a host which leaves would refuse to let it go, for ever.
 */
function bringAlong(w: Work): void {
  const stage = w.s.run?.stage;
  if (stage?.at === 'redirecting' || stage?.at === 'readying') burnAgain(w, stage.target);
  // Who is the twin is known with the outcome of the claim.
  else if (stage?.at === 'claiming') setRun(w, { flowLeft: true });
}

function begin(w: Work, move: RedirectedMove, newest: boolean): true {
  const { id, first, to, phases } = move;
  dropNext(w, move);
  const kind = first ? 'first' : 'move';
  openRun(w, { id, kind, toDomain: to.domain, phases, domains: [to.domain] });
  head(w, move, newest);
  return true;
}

/** One hand-over of the vehicle runs: it goes on to where the flow is now. */
function join(w: Work, move: RedirectedMove): void {
  dropNext(w, move);
  const { run } = w.s;
  if (run === undefined) return;
  if (run.stage.at !== 'claiming') {
    follow(w, move);
    return;
  }
  // The owner row may name its target already: only the claim's outcome tells who is the twin.
  const { then } = run.stage;
  setRun(w, { redirectSent: true, stage: { ...run.stage, then: move } });
  if (then === undefined) return;
  recordMove(w, then, { kind: 'move', result: 'cancelled', reason: `joined ${run.record.id}` });
  letGo(w, then);
}

/** The hand-over that runs takes this target instead of its own. */
export function follow(w: Work, move: RedirectedMove): void {
  const { run } = w.s;
  if (run === undefined) return;
  dropTarget(w, run.stage.at === 'claiming' ? run.stage.lost : undefined);
  recordMove(w, move, { kind: 'move', result: 'cancelled', reason: `joined ${run.record.id}` });
  setRun(w, { domains: [move.to.domain], reported: false });
  setRecord(w, { toDomain: move.to.domain });
  head(w, move, move.redirected.epoch === w.s.highestEpoch);
}

/** The next attempt of the run is at the host that the flow goes to; its slot is claimed, or another one is looked for. */
function head(w: Work, move: RedirectedMove, newest: boolean): void {
  const { way, host, epoch, atMs, held, standby } = move.redirected;
  setRun(w, { intended: true, redirectSent: true });
  if (standby !== undefined) setRecord(w, { standby });
  if (!held) {
    // In this order: while an attempt is to come the way out there stays.
    newAttempt(w);
    letGo(w, move);
    return;
  }
  const phases = w.s.run?.record.phases ?? {};
  setRecord(w, {
    way,
    toHost: host.host,
    // Of an armed slot all of this held when the frame came; a ticket's host is made ready after it.
    phases: { ...phases, initiated: phases.initiated ?? atMs, ...(way === 'armed' ? { prepared: atMs } : {}) },
  });
  if (!newest) {
    burnAgain(w, host);
    return;
  }
  flowFollows(w);
  const { run } = w.s;
  if (run === undefined) return;
  const { record } = run;
  setRecord(w, { attempt: record.attempt + 1, epoch, phases: { ...record.phases, redirected: atMs } });
  const untilMs = w.now + w.timing.prepareMs;
  const prepared = way === 'armed';
  setStage(w, { at: 'readying', target: host, epoch, recorded: false, prepared, untilMs });
  const begun = w.s.run ?? run;
  // An armed slot is told whose it is now; nothing waits for that.
  w.effects.push({ do: 'prepare', header: headerOf(w, begun, epoch), host }, { do: 'putIntent', of: ofRun(begun) });
  retireParked(w);
}

/** Nobody is to be served there: its way out goes once the flow is elsewhere for sure, its slot after that. */
function letGo(w: Work, { id, redirected }: RedirectedMove): void {
  const { host, health, way } = redirected;
  if (w.s.leaving.some(item => item.host.host === host.host && item.stage === 'standingDown')) return;
  leave(w, { host, health, of: { handover: id, attempt: 0 }, way, acts: false, wayOut: true, reported: true });
}

/** The host of a redirect that waits for a claim's outcome is lost. */
export function loseRedirected(w: Work, host: string, health: Health): void {
  const stage = w.s.run?.stage;
  if (stage?.at !== 'claiming' || stage.then?.redirected.host.host !== host) return;
  const { then } = stage;
  setStage(w, { ...stage, then: { ...then, redirected: { ...then.redirected, held: false, health } } });
}
