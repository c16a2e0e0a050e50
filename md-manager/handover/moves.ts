import { beginOrDefer, dropTarget, end, newAttempt, postpone, recordMove, remember, twinServes } from './attempt.js';
import { onRedirectedMove } from './redirected.js';
import type { Move } from './state.js';
import { setRecord, setRun, type Work } from './work.js';

/** The device is somewhere else now, by sdn-app's word. */
export function onMove(w: Work, move: Move): void {
  if (w.s.seen.includes(move.id)) return;
  remember(w, move.id);
  w.s = { ...w.s, attachment: move.to };
  const { redirected, ...plain } = move;
  if (redirected === undefined || !onRedirectedMove(w, { ...plain, redirected })) onPlainMove(w, plain);
}

function onPlainMove(w: Work, move: Move): void {
  const run = w.s.run;
  if (run === undefined) return beginOrDefer(w, move);
  if (run.intended) return postpone(w, move);
  if (move.to.domain === w.s.twin.host.domain && twinServes(w)) {
    // A move back before anything was promised: as if neither had been.
    dropTarget(w);
    recordMove(w, move, { kind: 'same-domain', result: 'completed' });
    return end(w, 'cancelled', 'moved-back');
  }
  if (move.to.domain === run.record.toDomain) return recordMove(w, move, { kind: 'same-domain', result: 'completed' });
  dropTarget(w);
  recordMove(w, move, { kind: 'move', result: 'cancelled', reason: `joined ${run.record.id}` });
  setRun(w, { domains: [move.to.domain] });
  setRecord(w, { toDomain: move.to.domain });
  newAttempt(w);
}
