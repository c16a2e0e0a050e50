import { systemClock } from '../../common/clock.js';
import type { AgentHooks, AgentStatus } from '../agent-deps.js';
import type { DeviceConfig } from '../config.js';
import { readCapture } from './capture-file.js';
import { playThrough, replayWorld, type ReplayWorld } from './replay-run.js';
import { realTime } from './replay-time.js';

/** How long the last reports of a replay may be under way. */
const PATIENCE_MS = 60_000;

type Run = (world: ReplayWorld['deps'], signal: AbortSignal, hooks: AgentHooks) => Promise<void>;

/**
 * Runs an agent on a capture in place of car, receiver and clock, as fast as it happened, and with everything else as always: its
 * twin has the reports, with their recorded times. Ends when the capture is over and the reports have arrived.
 */
export async function replayLive(
  config: DeviceConfig,
  run: Run,
  signal: AbortSignal,
  hooks: AgentHooks,
): Promise<void> {
  const capture = await readCapture(config.replay ?? '');
  const time = realTime(systemClock);
  const stop = new AbortController();
  let isOver = false;
  let status: (() => AgentStatus) | undefined;
  const both = AbortSignal.any([signal, stop.signal]);
  const agent = run(replayWorld(capture, config, time).deps, both, {
    ...hooks,
    onStatus: tell => {
      status = tell;
      hooks.onStatus?.(tell);
    },
    isSampling: () => !isOver && hooks.isSampling?.() !== false,
  });
  const ended = agent.finally(() => stop.abort(new Error('the agent ended')));
  ended.catch(() => undefined);
  const onEnd = (): void => {
    isOver = true;
  };
  const queue = (): number | undefined => status?.().queue;
  try {
    await playThrough({ endMs: capture.endMs, time, queue, onEnd, patienceMs: PATIENCE_MS }, both);
  } catch (error) {
    if (!both.aborted) throw error;
  } finally {
    stop.abort(new Error('the recording is over'));
    await ended;
  }
}
