import { delay, type Clock } from '../../common/clock.js';
import { silentLog } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import { runAgent } from '../../device/agent.js';
import { memoryDisk } from '../../device/capture/memory-disk.js';
import { nearManager, nearTwin } from '../../device/capture/near-twin.js';
import { openRecorder } from '../../device/capture/record.js';
import { tapClock, tapEndpoint, tapGpsd, tapLink, tapSerialInput, type Note } from '../../device/capture/taps.js';
import { LastTime } from '../../device/clock/last-time.js';
import { deviceConfig } from '../../device/config.js';
import { GpsdSession } from '../../device/gps/gpsd-session.js';
import type { GpsSource } from '../../device/gps/gps-source.js';
import { nmeaSerialSource, type OpenSerialInput } from '../../device/gps/nmea-serial.js';
import type { OpenLink } from '../../device/obd/types.js';
import { keepSettings } from '../../device/settings/remote-settings.js';
import { FORMAT, type CoapEndpoint, type CoapHandler } from '../../protocol/coap/types.js';
import type { MetricName } from '../../protocol/metrics.js';
import { fault } from '../../protocol/errors.js';
import type { DesiredSettings } from '../../protocol/settings.js';
import { fakeClock, type FakeClock } from './fake-clock.js';

/** What a receiver does, moment by moment: a line or characters, or (`gone`) the end of the connection. */
export type ReceiverScript = readonly (
  { readonly atMs: number; readonly say: string } | { readonly atMs: number; readonly gone: string }
)[];

export interface RecordedRunOptions {
  readonly argv?: readonly string[];
  readonly startMs?: number;
  readonly durationMs: number;
  readonly link?: (clock: FakeClock) => OpenLink;
  readonly gpsd?: ReceiverScript;
  /** Characters of a receiver, by the speed at which its port is opened. */
  readonly nmea?: (baud: number) => ReceiverScript;
  readonly isSynchronised?: (elapsedMs: number) => boolean;
  /** Steps of the system's clock. */
  readonly steps?: readonly { readonly atMs: number; readonly byMs: number }[];
  readonly trustedMs?: number;
  /** What an operator had set before. */
  readonly desired?: DesiredSettings;
  /** With the first acknowledgement from then on. */
  readonly told?: readonly { readonly atMs: number; readonly desired: DesiredSettings }[];
  /** Signals that the twin asks for. */
  readonly asked?: readonly { readonly atMs: number; readonly path: readonly string[]; readonly query?: string }[];
}

export interface RecordedRun {
  /** What `--record` wrote. */
  readonly text: string;
  /** What the twin had meanwhile. */
  readonly reports: readonly Uint8Array[];
}

/** An agent that is recorded while it runs, on a clock that goes as fast as it can. */
export async function recordedRun(options: RecordedRunOptions): Promise<RecordedRun> {
  const { argv = [], durationMs, startMs = Date.UTC(2026, 9, 1, 8), steps = [], trustedMs } = options;
  const clock = fakeClock(startMs);
  const where = [
    '--vehicle',
    'replay',
    '--state',
    '-',
    '--manager-url',
    'http://127.0.0.1:1',
    '--record',
    'drive.jsonl',
  ];
  const config = deviceConfig({ argv: [...where, ...argv], env: {} });
  const disk = memoryDisk();
  if (trustedMs !== undefined) await new LastTime(disk).keep(trustedMs, 0);
  if (options.desired !== undefined) await keepSettings(disk, options.desired);
  let text = '';
  const file = {
    path: 'drive.jsonl',
    append: (more: string) => Promise.resolve(void (text += more)),
    close: () => Promise.resolve(),
  };
  const reports: Uint8Array[] = [];
  const recorder = (await openRecorder(config, {
    clock,
    timers: clock,
    log: silentLog,
    disk,
    newFile: () => Promise.resolve(file),
  }))!;
  const note: Note = line => recorder.note(line);
  const gps = gpsFrom(options, clock, note);
  const isSynchronised = (): Promise<boolean> =>
    Promise.resolve(options.isSynchronised?.(clock.monotonicMs()) ?? false);
  for (const { atMs, byMs } of steps) clock.after(atMs, () => clock.step(byMs));
  const stop = new AbortController();
  const running = runAgent(
    config,
    {
      clock,
      timers: clock,
      // Anything but what a replay takes.
      random: () => 0.25,
      newKey: () => 'f'.repeat(32),
      log: silentLog,
      metrics: new Metrics<MetricName>({}),
      disk,
      manager: nearManager('replay'),
      openEndpoint: tapEndpoint(
        (_bind, handler) => Promise.resolve(sayingTwin(options, clock, bytes => reports.push(bytes), handler)),
        note,
      ),
      isSystemClockSynchronised: tapClock(isSynchronised, clock, note),
      ...(options.link === undefined ? {} : { openObdLink: tapLink(options.link(clock), note) }),
      ...(gps === undefined ? {} : { gps }),
    },
    stop.signal,
    { isSampling: () => clock.monotonicMs() < durationMs },
  );
  await clock.advance(durationMs);
  await recorder[Symbol.asyncDispose]();
  await clock.advance(config['clock.holdMs'] + 5_000);
  stop.abort(new Error('over'));
  await running;
  return { text, reports };
}

/** A twin that has each report at once, tells settings with its acknowledgements, and asks for signals. */
function sayingTwin(
  { told = [], asked = [] }: RecordedRunOptions,
  clock: FakeClock,
  onReport: (bytes: Uint8Array) => void,
  handler: CoapHandler,
): CoapEndpoint {
  const twin = nearTwin(onReport);
  const left = [...told];
  const exchange = { peer: twin.local, messageId: 1, token: Uint8Array.of(1), confirmable: true };
  for (const { atMs, path, query } of asked)
    clock.after(atMs, () => {
      const request = { method: 'GET', path, ...(query === undefined ? {} : { query: [query] }) } as const;
      // What it is answered is told in no report.
      void Promise.resolve()
        .then(() => handler(request, exchange))
        .catch(() => undefined);
    });
  return {
    ...twin,
    request: async (peer, request, opts) => {
      const answer = await twin.request(peer, request, opts);
      const [next] = left;
      if (next === undefined || next.atMs > clock.monotonicMs()) return answer;
      left.shift();
      const payload = Buffer.from(JSON.stringify({ settings: next.desired }));
      return { ...answer, payload, contentFormat: FORMAT.json };
    },
  };
}

function gpsFrom({ gpsd, nmea }: RecordedRunOptions, clock: FakeClock, note: Note): GpsSource | undefined {
  if (gpsd !== undefined)
    return tapGpsd(
      scriptedGpsd(gpsd, clock, line => note({ gpsd: line })),
      note,
    );
  if (nmea === undefined) return undefined;
  const open = tapSerialInput(scriptedPort(nmea, clock), note);
  return nmeaSerialSource({ path: 'port', baud: 'auto', open, clock, timers: clock });
}

/** A gpsd that says what is due since it was connected to. */
function scriptedGpsd(script: ReceiverScript, clock: FakeClock, onLine: (line: string) => void): GpsSource {
  return {
    follow: async (handlers, signal) => {
      const session = new GpsdSession(handlers);
      for (const step of from(script, clock)) {
        await delay(step.atMs - clock.monotonicMs(), signal, clock);
        if ('gone' in step) throw fault('GPS_LINK', step.gone);
        onLine(step.say);
        session.take(step.say, clock.monotonicMs());
      }
      return delay(1e12, signal, clock) as Promise<never>;
    },
  };
}

const scriptedPort =
  (nmea: (baud: number) => ReceiverScript, clock: FakeClock): OpenSerialInput =>
  (_path, baud) => {
    let listener: (text: string) => void = () => undefined;
    let end: (reason: unknown) => void = () => undefined;
    const closed = new Promise<unknown>(resolve => (end = resolve));
    const cancels = from(nmea(baud), clock).map(step =>
      clock.after(step.atMs - clock.monotonicMs(), () => {
        if ('gone' in step) end(new Error(step.gone));
        else listener(step.say);
      }),
    );
    return Promise.resolve({
      onText: next => void (listener = next),
      closed,
      close: () => {
        for (const cancel of cancels) cancel();
        return Promise.resolve();
      },
    });
  };

const from = (script: ReceiverScript, clock: Clock): ReceiverScript =>
  script.filter(({ atMs }) => atMs >= clock.monotonicMs());
