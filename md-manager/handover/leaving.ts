import type { HostRef, Way } from '../../protocol/api/common.js';
import type { Health, Leaving, Of } from './state.js';
import type { Work } from './work.js';

/** How a vehicle gives a slot back: nothing stored there is cut off, and no slot is held by nobody. */

export interface Departure {
  readonly host: HostRef;
  readonly health: Health;
  readonly of: Of;
  readonly way: Way;
  /** It may act as the twin: others wait until it stood down. */
  readonly acts: boolean;
  /** A redirect was sent to it. */
  readonly wayOut: boolean;
  /** It has stored reports, as far as is known. */
  readonly reported: boolean;
}

export function leave(w: Work, from: Departure): void {
  const { host, health, of, way, wayOut } = from;
  const item: Leaving = { host, ...of, way, wayOut, reachable: health.is === 'alive', stage: 'draining' };
  const waits = from.acts && health.is !== 'dead';
  if (waits && health.is === 'lost' && health.leaseUntilMs > w.now)
    put(w, { ...item, stage: 'standingDown', untilMs: health.leaseUntilMs });
  else if (waits && health.is === 'alive') enter(w, item, 'standingDown');
  else if (!item.reachable) finishDrain(w, item);
  else if (wayOut || from.reported) enter(w, item, 'draining');
  else enter(w, item, 'releasing');
}

/** Whether somebody who leaves may still act. */
export const awaitsStandDown = (w: Work): boolean => w.s.leaving.some(item => item.stage === 'standingDown');

export function onStoodDown(w: Work, host: string): void {
  const item = find(w, host);
  if (item?.stage === 'standingDown') put(w, { ...item, stage: 'draining', untilMs: w.now + w.timing.drainMaxMs });
}

export function onDrained(w: Work, host: string): void {
  const item = find(w, host);
  if (item?.stage === 'standingDown' || item?.stage === 'draining') finishDrain(w, item);
}

export function onRetired(w: Work, host: string): void {
  const item = find(w, host);
  if (item?.stage === 'retiring') finishRetire(w, item);
}

/** Refused because a newer epoch is about: the same again under that one. */
export function onRetireStale(w: Work, host: string): void {
  const item = find(w, host);
  if (item?.stage === 'retiring') enter(w, item, 'retiring');
}

export function onReleased(w: Work, host: string): void {
  if (find(w, host)?.stage === 'releasing') remove(w, host);
}

export function onLeavingLost(w: Work, host: string, health: Health): void {
  const found = find(w, host);
  if (found === undefined || health.is === 'alive') return;
  const item = { ...found, reachable: false };
  if (item.stage === 'standingDown' && health.is === 'lost') {
    const earlier = found.reachable ? undefined : found.untilMs;
    put(w, { ...item, untilMs: Math.min(earlier ?? health.leaseUntilMs, health.leaseUntilMs) });
  } else if (item.stage === 'standingDown' || item.stage === 'draining') finishDrain(w, item);
  else if (item.stage === 'retiring') put(w, item);
  else {
    w.effects.push({ do: 'free', host });
    remove(w, host);
  }
}

/** Leases that ran out, drains that took too long, and ways out that may go now. */
export function advanceLeaving(w: Work): void {
  for (const item of w.s.leaving) {
    if (item.untilMs !== undefined && item.untilMs <= w.now && item.stage !== 'retiring') finishDrain(w, item);
  }
}

/** Asks again for whatever each item waits for. */
export function resumeLeaving(w: Work): void {
  for (const item of w.s.leaving) {
    if (item.reachable || item.stage === 'retiring') enter(w, item, item.stage);
  }
}

/** The switch points elsewhere for sure: ways out of those that wait for it may go. */
export function retireParked(w: Work): void {
  for (const item of w.s.leaving) if (item.stage === 'retiring') enter(w, item, 'retiring');
}

function enter(w: Work, item: Leaving, stage: Leaving['stage']): void {
  const { untilMs: _, ...rest } = item;
  const { host } = item;
  const header = {
    term: w.s.term,
    handover: item.handover,
    attempt: item.attempt,
    epoch: w.s.highestEpoch,
    way: item.way,
  };
  switch (stage) {
    case 'standingDown':
      put(w, { ...rest, stage });
      w.effects.push({ do: 'drain', header, host, graceMs: w.timing.graceMs });
      break;
    case 'draining':
      put(w, { ...rest, stage, untilMs: w.now + w.timing.drainMaxMs });
      w.effects.push({ do: 'drain', header, host, graceMs: w.timing.graceMs });
      break;
    case 'retiring':
      put(w, { ...rest, stage });
      if (flowIsElsewhere(w)) w.effects.push({ do: 'retire', header, host });
      break;
    case 'releasing':
      put(w, { ...rest, stage });
      w.effects.push({ do: 'release', header, host });
      break;
  }
}

function finishDrain(w: Work, item: Leaving): void {
  if (item.wayOut) enter(w, item, 'retiring');
  else finishRetire(w, item);
}

function finishRetire(w: Work, item: Leaving): void {
  if (item.reachable) enter(w, item, 'releasing');
  else {
    w.effects.push({ do: 'free', host: item.host.host });
    remove(w, item.host.host);
  }
}

/** Between a redirect that was sent and one that is confirmed, the flow may still lead to a host that leaves. */
function flowIsElsewhere(w: Work): boolean {
  const run = w.s.run;
  return !run?.redirectSent || ['readying', 'claiming', 'activating', 'settling'].includes(run.stage.at);
}

const find = (w: Work, host: string): Leaving | undefined => w.s.leaving.find(item => item.host.host === host);

function put(w: Work, item: Leaving): void {
  const others = w.s.leaving.filter(other => other.host.host !== item.host.host);
  w.s = { ...w.s, leaving: [...others, item] };
}

function remove(w: Work, host: string): void {
  w.s = { ...w.s, leaving: w.s.leaving.filter(item => item.host.host !== host) };
}
