import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import { silentLog, type LogFields } from '../../common/log.js';
import { senmlLine } from '../../device/capture/print-report.js';
import { replayPlan } from '../../device/capture/replay-config.js';
import { replayCapture } from '../../device/capture/replay-run.js';
import { virtualTime } from '../../device/capture/replay-time.js';

/** Where the captures are; each has its `.expected.jsonl` beside it. */
export const DRIVES = join(packageRoot(), 'test', 'captures', 'drives');
const EXPECTED = '.expected.jsonl';

export const captures = (): string[] =>
  readdirSync(DRIVES)
    .filter(name => name.endsWith('.jsonl') && !name.endsWith(EXPECTED))
    .map(name => join(DRIVES, name))
    .sort();
export const expectedFile = (capture: string): string => capture.replace(/\.jsonl$/, EXPECTED);

/**
 * What the agent makes of a capture: a line that sums it up, the events of its log, and every report as SenML. The hash is over the
 * bytes of all reports.
 */
export async function expectedOf(path: string): Promise<string> {
  const plan = await replayPlan({ argv: ['--replay', path], env: {} });
  if (plan?.to !== 'print') throw new Error(`${path} is not replayed here`);
  const { capture, config } = plan;
  const hash = createHash('sha256');
  const reports: string[] = [];
  const events: string[] = [];
  const onReport = (bytes: Uint8Array): void => {
    hash.update(bytes);
    reports.push(senmlLine(bytes));
  };
  const onEvent = ({ event, code, rung, why, verdict, change }: LogFields, atMs: number): void =>
    void events.push(JSON.stringify({ t: Math.round(atMs) / 1000, event, code, rung, why, verdict, change }));
  const replayed = await replayCapture(
    { capture, config, time: virtualTime(), onReport, log: silentLog, onEvent },
    new AbortController().signal,
  );
  const { car, gps, clock } = replayed.status ?? {};
  const { adapter, stn, isClone, bus, controlUnits, pids, pidsPerRequest, state } = car ?? {};
  const sum = {
    capture: basename(path),
    reports: reports.length,
    sha256: hash.digest('hex'),
    requests: replayed.steps,
    car: car && { adapter, stn, isClone, bus, controlUnits, pids: pids?.join(' '), pidsPerRequest, state },
    gps: gps && { device: gps.device, mode: gps.mode },
    clock,
  };
  return `${[JSON.stringify(sum), ...events, ...reports].join('\n')}\n`;
}
