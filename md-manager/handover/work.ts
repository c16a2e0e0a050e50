import type { CommandHeader, HostRef } from '../../protocol/api/common.js';
import type { HandoverRecord } from '../../protocol/api/md-manager.js';
import type { Effect, Of, Run, Stage, Timing, VehicleState } from './state.js';

/** One step under way: the state so far and the effects so far. States are replaced, never changed. */
export interface Work {
  s: VehicleState;
  readonly effects: Effect[];
  readonly now: number;
  readonly timing: Timing;
}

export const ofRun = (run: Run): Of => ({ handover: run.record.id, attempt: run.record.attempt });

/** The run, if `of` names its current attempt. */
export function currentRun(w: Work, of: Of): Run | undefined {
  const run = w.s.run;
  return run !== undefined && run.record.id === of.handover && run.record.attempt === of.attempt ? run : undefined;
}

export function setRun(w: Work, change: Partial<Run>): void {
  if (w.s.run !== undefined) w.s = { ...w.s, run: { ...w.s.run, ...change } };
}

/** The flow is where the run goes. */
export function flowFollows(w: Work): void {
  const { run } = w.s;
  if (run === undefined) return;
  const { flowLeft: _, ...rest } = run;
  w.s = { ...w.s, run: rest };
}

export const setStage = (w: Work, stage: Stage): void => setRun(w, { stage });

export function setRecord(w: Work, change: Partial<HandoverRecord>): void {
  if (w.s.run !== undefined) setRun(w, { record: { ...w.s.run.record, ...change } });
}

/** Stamps a phase; an attempt that reaches it again stamps it anew, but `initiated` is when it began. */
export function stampPhase(w: Work, phase: keyof HandoverRecord['phases']): void {
  const phases = w.s.run?.record.phases ?? {};
  if (phase === 'initiated' && phases.initiated !== undefined) return;
  setRecord(w, { phases: { ...phases, [phase]: w.now } });
}

/** The slot that this attempt holds and that is not yet the twin. */
export function targetOf(stage: Stage): HostRef | undefined {
  return 'target' in stage ? stage.target : undefined;
}

/** Hosts on which this vehicle holds a slot. */
export function namedHosts(state: VehicleState): string[] {
  const stage = state.run?.stage;
  const target = stage === undefined ? undefined : targetOf(stage);
  const then = stage?.at === 'claiming' && stage.then?.redirected.held ? [stage.then.redirected.host.host] : [];
  const names = [state.twin, ...state.leaving].map(place => place.host.host);
  return [...new Set([...names, ...(target === undefined ? [] : [target.host]), ...then])];
}

export function headerOf(w: Work, run: Run, epoch: number): CommandHeader {
  return { term: w.s.term, ...ofRun(run), epoch, way: run.record.way ?? 'manager' };
}

/** The host has done its part in time; only the store is waited for, and for that no other host is better. */
export const isPrepared = (stage: Stage): boolean => 'prepared' in stage && stage.prepared;

/** When the state wants a tick, or nothing to wait for. */
export function deadlineOf(state: VehicleState, timing: Timing): number | undefined {
  const times = state.leaving.flatMap(item => (item.untilMs === undefined ? [] : [item.untilMs]));
  const stage = state.run?.stage;
  // Settled is not completed while somebody leaves: then it is the end of that which is waited for, not the time.
  const waits = stage?.at !== 'settling' || state.leaving.length === 0;
  if (stage !== undefined && 'untilMs' in stage && waits && !isPrepared(stage)) times.push(stage.untilMs);
  if (state.run === undefined && state.next !== undefined) times.push((state.lastStartedAtMs ?? 0) + timing.dwellMs);
  return times.length === 0 ? undefined : Math.min(...times);
}

/**
 * Whether sdn-app's redirect under this epoch stands above what the run has sent to the switch, or will send. Epochs may have
 * been burnt and never used, so the highest one tells only of attempts that are still to come.
 */
export function outranks(state: VehicleState, epoch: number): boolean {
  const { run, twin, highestEpoch } = state;
  const sent = run !== undefined && 'epoch' in run.stage ? run.stage.epoch : undefined;
  return epoch > twin.epoch && epoch >= (sent ?? highestEpoch);
}
