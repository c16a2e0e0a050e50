import { openLog } from '../../common/log.js';
import { senmlLine } from './print-report.js';
import type { ReplayPlan } from './replay-config.js';
import { replayCapture, type Replayed } from './replay-run.js';
import { atItsOwnPace, virtualTime } from './replay-time.js';

type Plan = Extract<ReplayPlan, { to: 'print' }>;

/** Prints the reports of a capture on stdout, and what it was on stderr. Exit code 0. */
export async function printReplay({ config, capture, speed }: Plan, signal: AbortSignal): Promise<number> {
  let reports = 0;
  const onReport = (bytes: Uint8Array): void => {
    reports++;
    process.stdout.write(`${senmlLine(bytes)}\n`);
  };
  const time = virtualTime(speed === 'real' ? atItsOwnPace : undefined);
  const log = openLog(`device/${config.vehicle}`, config['log.level']);
  const replayed = await replayCapture({ capture, config, time, onReport, log }, signal);
  const said = [`${reports} reports of ${(capture.endMs / 1000).toFixed(1)} s`, ...remarks(capture, replayed)];
  process.stderr.write(`${said.join('\n')}\n`);
  return 0;
}

function remarks({ isTorn, lost }: Plan['capture'], { steps, status }: Replayed): string[] {
  const car = status?.car;
  return [
    ...(car?.adapter === undefined ? [] : [`adapter ${car.adapter}, ${car.bus ?? 'no car'}, ${car.state} at the end`]),
    ...(isTorn ? ['the last line is cut off: the recording agent ended in the middle of it'] : []),
    ...(lost > 0 ? [`${lost} lines are missing: the disk was too slow for them`] : []),
    ...(steps === undefined ? [] : stepsText(steps)),
  ];
}

function stepsText({ inStep, astray, unknown }: NonNullable<Replayed['steps']>): string[] {
  const all = inStep + astray + unknown;
  if (all === inStep) return [`all ${all} requests were asked as in the recording`];
  return [
    `${inStep} of ${all} requests were asked as in the recording; ${astray} at another time or in another order, ` +
      `${unknown} that are not in it (answered NO DATA): settings or release differ`,
  ];
}
