import { messageOf } from '../common/errors.js';
import { labMissing } from '../lab/netns/namespaces.js';
import type { BenchRow, Kept } from './harness.js';
import { networkOptions, type NetworkOptions } from './network/options.js';
import { measureWay } from './network/ours.js';
import { measurePaper } from './network/paper.js';
import { CARS, caseName } from './network/row-case.js';

/** What a move of one car takes, its rest and the wait for its way included; measured, a cold one starts a host. */
const MOVE_S = { paper: 0.3, armed: 0.95, ticket: 0.95, manager: 0.8, cold: 2.5 } as const;
/** Until the network and its processes are there and gone. */
const STAGE_S = 15;

/**
 * Hand-over on Open vSwitch and Ryu: the paper's way, and ours, with the controller at several distances. Each row is kept as
 * soon as it is measured; a row that fails does not keep the others from being measured.
 */
export async function benchNetwork(
  signal: AbortSignal,
  words: readonly string[],
  { done, before }: Kept,
): Promise<BenchRow[]> {
  const missing = labMissing();
  if (missing !== undefined) throw new Error(`the network cannot be measured here: ${missing}`);
  const options = networkOptions(words);
  const { handovers } = options;
  const { controllers = ['ryu'] } = options;
  const cases = options.delaysMs.flatMap(controllerMs =>
    options.ways.flatMap(way =>
      (way === 'paper' ? (['ryu'] as const) : controllers).map(controller => ({
        ...{ way, controllerMs, controller, handovers },
      })),
    ),
  );
  const rows: BenchRow[] = [];
  const failed: string[] = [];
  for (const { way, ...one } of cases) {
    const name = caseName(way, one);
    const minutes = (STAGE_S + (handovers / CARS) * (MOVE_S[way] + (4 * one.controllerMs) / 1_000)) / 60;
    if (isKept(before, name, options)) {
      process.stderr.write(`${name}: there already\n`);
      continue;
    }
    process.stderr.write(`${name}: about ${minutes.toFixed(1)} minutes\n`);
    try {
      const measured = await (way === 'paper' ? measurePaper(one, signal) : measureWay(way, one, signal));
      await done(measured);
      rows.push(...measured);
    } catch (error) {
      signal.throwIfAborted();
      process.stderr.write(`${name}: ${messageOf(error)}\n`);
      failed.push(name);
    }
  }
  if (failed.length > 0) throw new Error(`not measured: ${failed.join('; ')}`);
  return rows;
}

const isKept = (before: readonly BenchRow[], name: string, { only, handovers }: NetworkOptions): boolean =>
  only === 'missing' &&
  before.some(row => row.case === name && row.metric === 'gap of the way back' && row.n >= handovers);
