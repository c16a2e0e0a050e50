import type { Log, LogFields } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { AgentDeps, AgentStatus } from '../agent-deps.js';
import { runAgent } from '../agent.js';
import { LastTime } from '../clock/last-time.js';
import type { DeviceConfig } from '../config.js';
import type { Capture } from './capture.js';
import { elmReplay, type ElmSteps } from './elm-replay.js';
import { gpsReplay } from './gps-replay.js';
import { memoryDisk } from './memory-disk.js';
import { nearManager, nearTwin } from './near-twin.js';
import { replayClock, type ReplayTime } from './replay-time.js';
import { replayAsked, replayTold } from './twin-replay.js';
import { keepSettings } from '../settings/remote-settings.js';

/** What stands for the car, the receiver and the clock. */
export interface ReplayWorld {
  readonly deps: Pick<AgentDeps, 'clock' | 'timers' | 'isSystemClockSynchronised' | 'openObdLink' | 'gps'>;
  /** Absent: the capture has no adapter. */
  readonly steps?: ElmSteps;
}

export function replayWorld(capture: Capture, config: Pick<DeviceConfig, 'gps.baud'>, time: ReplayTime): ReplayWorld {
  const elm = elmReplay(capture, time);
  const baud = config['gps.baud'];
  const gps = gpsReplay(capture, time, baud === 'auto' ? baud : Number(baud));
  return {
    deps: {
      clock: time,
      timers: time,
      isSystemClockSynchronised: replayClock(capture.entries, time),
      ...(elm === undefined ? {} : { openObdLink: elm.openLink }),
      ...(gps === undefined ? {} : { gps }),
    },
    ...(elm === undefined ? {} : { steps: elm.steps }),
  };
}

export interface PlayOptions {
  readonly endMs: number;
  readonly time: ReplayTime;
  /** Reports that are not acknowledged; `undefined` before the outbox is open. */
  readonly queue: () => number | undefined;
  /** Nothing is sampled any more. */
  readonly onEnd: () => void;
  /** How long the last reports are waited for. */
  readonly patienceMs: number;
}

const LOOK_MS = 250;

/** Lets a capture go by, and what was reported of it arrive. */
export async function playThrough(options: PlayOptions, signal: AbortSignal): Promise<void> {
  const { time, endMs, queue, onEnd, patienceMs } = options;
  await time.runTo(endMs, signal);
  onEnd();
  const untilMs = time.monotonicMs() + patienceMs;
  while (queue() !== 0 && time.monotonicMs() < untilMs) await time.runTo(time.monotonicMs() + LOOK_MS, signal);
}

export interface ReplayOptions {
  readonly capture: Capture;
  readonly config: DeviceConfig;
  readonly time: ReplayTime;
  /** The bytes of each report, in the order in which they leave. */
  readonly onReport: (bytes: Uint8Array) => void;
  readonly log: Log;
  /** What the agent logs while the capture goes by. */
  readonly onEvent?: (fields: LogFields, atMs: number) => void;
}

export interface Replayed {
  readonly steps: ElmSteps | undefined;
  /** At the end of the capture. */
  readonly status: AgentStatus | undefined;
}

/** Reports wait for a clock at most `clock.holdMs`, and a little for the disk. */
const SETTLE_MS = 5_000;
const SAME_KEY = '0'.repeat(32);

/**
 * Runs the agent on a capture, with a disk in memory and a twin that has every report at once. Nothing in it is left to chance: the
 * same capture and settings give the same reports, byte for byte. Rejects with the agent's errors, or the signal's reason.
 */
export async function replayCapture(options: ReplayOptions, signal: AbortSignal): Promise<Replayed> {
  const { capture, config, time, onReport, log, onEvent } = options;
  const disk = memoryDisk();
  const { trustedMs, desired } = capture.header;
  if (trustedMs !== undefined) await new LastTime(disk).keep(trustedMs, 0);
  if (desired !== undefined) await keepSettings(disk, desired);
  const world = replayWorld(capture, config, time);
  const stop = new AbortController();
  let isOver = false;
  let status: (() => AgentStatus) | undefined;
  const agent = runAgent(
    config,
    {
      ...world.deps,
      random: () => 0.5,
      newKey: () => SAME_KEY,
      log: tapLog(log, fields => {
        if (!isOver) onEvent?.(fields, time.monotonicMs());
      }),
      metrics: new Metrics<MetricName>({}),
      disk,
      manager: nearManager(config.vehicle),
      openEndpoint: (_bind, handler) => {
        replayAsked(capture, time, handler);
        return Promise.resolve(nearTwin(onReport));
      },
      onTaker: take => replayTold(capture, time, take),
    },
    AbortSignal.any([signal, stop.signal]),
    { onStatus: tell => (status = tell), isSampling: () => !isOver },
  );
  const failed = new AbortController();
  const ended = agent.then(
    () => failed.abort(new Error('the agent ended')),
    (error: unknown) => failed.abort(error),
  );
  let atEnd: AgentStatus | undefined;
  const onEnd = (): void => {
    atEnd = status?.();
    isOver = true;
  };
  const patienceMs = config['clock.holdMs'] + SETTLE_MS;
  const until = AbortSignal.any([signal, failed.signal]);
  try {
    await playThrough({ endMs: capture.endMs, time, queue: () => status?.().queue, onEnd, patienceMs }, until);
  } finally {
    isOver = true;
    stop.abort(new Error('the recording is over'));
    await ended;
  }
  return { steps: world.steps, status: atEnd };
}

function tapLog(log: Log, note: (fields: LogFields) => void): Log {
  const tapped =
    (level: keyof Log) =>
    (fields: LogFields): void => {
      log[level](fields);
      if (level !== 'debug') note(fields);
    };
  return { debug: tapped('debug'), info: tapped('info'), warn: tapped('warn'), error: tapped('error') };
}
