import { labMissing } from '../lab/netns/namespaces.js';
import type { BenchRow } from './harness.js';
import { networkOptions } from './network/options.js';
import { measureWay } from './network/ours.js';
import { measurePaper } from './network/paper.js';

/**
 * Hand-over on Open vSwitch and Ryu: the paper's way, and ours, with the controller at several distances. Rows are told as
 * they come, because all of them take half an hour.
 */
export async function benchNetwork(signal: AbortSignal, words: readonly string[] = []): Promise<BenchRow[]> {
  const missing = labMissing();
  if (missing !== undefined) throw new Error(`the network cannot be measured here: ${missing}`);
  const { ways, delaysMs, handovers } = networkOptions(words);
  const rows: BenchRow[] = [];
  for (const controllerMs of delaysMs)
    for (const way of ways) {
      process.stderr.write(`network: ${way}, controller at ${controllerMs} ms\n`);
      const row = { handovers, controllerMs };
      rows.push(...(await (way === 'paper' ? measurePaper(row, signal) : measureWay(way, row, signal))));
    }
  return rows;
}
