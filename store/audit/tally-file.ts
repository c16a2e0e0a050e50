import { createReadStream } from 'node:fs';
import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { createInterface, type Interface } from 'node:readline';
import { z } from 'zod';
import { CONFIG_INVALID, EdgetwinError, messageOf } from '../../common/errors.js';
import type { HistorySource, KeyRange } from './history-source.js';
import type { RangeTally } from './range-tally.js';
import type { TallyRecord } from './tally-record.js';
import type { Testimony } from './types.js';
import { VehicleTally } from './vehicle-tally.js';

/**
 * `--resume FILE`: a line of JSON with what the audit is of, then one for each finished range. A line that was torn by a
 * kill, or that cannot be read, is a range that is read again.
 */
const SCHEMA = 1;
const whole = z.int().nonnegative();
const seqs = z.array(z.tuple([whole, whole]));
const head = z.object({
  schema: z.literal(SCHEMA),
  source: z.string(),
  domains: z.array(z.string()),
  ranges: z.array(z.tuple([z.string(), z.string()])),
  acknowledged: z.array(z.tuple([z.string(), z.array(z.tuple([whole, seqs]))])),
  marks: z.array(
    z.object({
      vehicle: z.string(),
      boots: z.array(z.object({ boot: whole, sampled: whole, accepted: whole })),
      pending: whole.optional(),
      resent: whole.optional(),
    }),
  ),
});
const bootTally = z.object({
  stored: seqs,
  declared: seqs,
  accepted: whole,
  twice: seqs,
  differing: seqs,
  unreadable: seqs,
});
const finished = z.object({
  range: whole,
  rows: whole,
  held: z.array(whole),
  vehicles: z.array(z.tuple([z.string(), z.array(z.tuple([whole, bootTally]))])),
});

export interface TallyFile extends TallyRecord, AsyncDisposable {
  /** The audit is made: nothing is left to go on with. */
  remove(): Promise<void>;
}

const refuse = (path: string, detail: string, cause?: unknown): EdgetwinError =>
  new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, `${path}: ${detail}`, { cause });

/**
 * Opens the record of an audit that was interrupted, or begins one; `begin` is asked only then. CONFIG_INVALID where the
 * file is of another audit, of none, or cannot be had.
 */
export async function openTallyFile(
  path: string,
  source: Pick<HistorySource, 'name' | 'domains'>,
  begin: () => Promise<Pick<TallyRecord, 'ranges' | 'testimony'>>,
): Promise<TallyFile> {
  const file = await open(path, 'a').catch((cause: unknown) => {
    throw refuse(path, messageOf(cause), cause);
  });
  try {
    const before = await firstLine(path);
    if (before?.whole === true) {
      const known = readHead(path, before.line, source);
      // What a kill has torn becomes a line of its own, which nobody can read.
      await file.appendFile('\n');
      return recordOf(path, file, known);
    }
    if (before !== undefined && !before.line.startsWith('{"schema"'))
      throw refuse(path, 'this is not the record of an audit');
    const { ranges, testimony } = await begin();
    await file.truncate();
    await file.appendFile(`${JSON.stringify(headOf(source, ranges, testimony))}\n`);
    return recordOf(path, file, { ranges, testimony });
  } catch (error) {
    await file.close();
    throw error;
  }
}

const linesOf = (path: string): Interface => createInterface({ input: createReadStream(path), crlfDelay: Infinity });

/** The first line of a file, and whether its end is there; undefined where the file is empty. */
async function firstLine(path: string): Promise<{ readonly line: string; readonly whole: boolean } | undefined> {
  for await (const line of linesOf(path)) return { line, whole: (await stat(path)).size > Buffer.byteLength(line) };
  return undefined;
}

function recordOf(
  path: string,
  file: FileHandle,
  { ranges, testimony }: Pick<TallyRecord, 'ranges' | 'testimony'>,
): TallyFile {
  let writes: Promise<void> = Promise.resolve();
  return {
    ranges,
    testimony,
    finished: () => readFinished(path, ranges.length),
    finish(range, { rows, held, vehicles }) {
      const tallies = [...vehicles.values()].map(({ vehicle, boots }) => [vehicle, [...boots]]);
      const line = `${JSON.stringify({ range, rows, held, vehicles: tallies })}\n`;
      // One after the other: lines that two readers finish at once must not mix.
      writes = writes.then(() => file.appendFile(line));
      return writes;
    },
    remove: () => rm(path, { force: true }),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

function readHead(
  path: string,
  line: string,
  source: Pick<HistorySource, 'name' | 'domains'>,
): Pick<TallyRecord, 'ranges' | 'testimony'> {
  const found = head.safeParse(jsonOf(line));
  if (!found.success) throw refuse(path, 'this is not the record of an audit');
  const { data } = found;
  if (data.source !== source.name || data.domains.join() !== source.domains.join())
    throw refuse(path, `this is an audit of ${data.source} (${data.domains.join(', ')}), not of ${source.name}`);
  return {
    ranges: data.ranges.map(([from, to]) => ({ from, to })),
    testimony: {
      acknowledged: new Map(data.acknowledged.map(([vehicle, boots]) => [vehicle, new Map(boots)])),
      marks: data.marks,
    },
  };
}

const headOf = (
  { name, domains }: Pick<HistorySource, 'name' | 'domains'>,
  ranges: readonly KeyRange[],
  { acknowledged, marks }: Testimony,
): z.input<typeof head> => ({
  schema: SCHEMA,
  source: name,
  domains: [...domains],
  ranges: ranges.map(({ from, to }) => [from, to]),
  acknowledged: [...acknowledged].map(([vehicle, boots]) => [
    vehicle,
    [...boots].map(([boot, ranges]) => [boot, ranges.map(([from, to]) => [from, to])]),
  ]),
  marks: marks.map(mark => ({ ...mark, boots: mark.boots.map(boot => ({ ...boot })) })),
});

async function* readFinished(path: string, ranges: number): AsyncGenerator<readonly [number, RangeTally]> {
  const given = new Set<number>();
  for await (const line of linesOf(path)) {
    const found = finished.safeParse(jsonOf(line));
    if (!found.success || found.data.range >= ranges || given.has(found.data.range)) continue;
    const { range, rows, held, vehicles } = found.data;
    const byVehicle = vehicles.map(([vehicle, boots]) => [vehicle, new VehicleTally(vehicle, boots)] as const);
    given.add(range);
    yield [range, { rows, held, vehicles: new Map(byVehicle) }];
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
