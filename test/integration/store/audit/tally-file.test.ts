import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conclude, readRanges } from '../../../../store/audit/audit.js';
import type { HistorySource } from '../../../../store/audit/history-source.js';
import { openTallyFile } from '../../../../store/audit/tally-file.js';
import type { AuditResult, Testimony } from '../../../../store/audit/types.js';
import { memorySource, type MemorySource } from '../../../fakes/memory-history-source.js';
import { START_MS, row } from '../../../fakes/store-rows.js';

const DAY_MS = 86_400_000;
const RANGES = 8;
const testimony: Testimony = {
  acknowledged: new Map([['car-3', new Map([[1, [[1, 21]] as const]])]]),
  marks: [{ vehicle: 'car-1', boots: [{ boot: 1, sampled: 25, accepted: 20 }], pending: 1, resent: 2 }],
};
/** Ten cars with two days each, in two domains; faults in three of them. */
const stored = (): MemorySource => {
  const rows = Array.from({ length: 10 }, (_, car) =>
    Array.from({ length: 20 }, (_, i) =>
      row(`car-${car}`, i + 1, { timeMs: START_MS + Math.floor(i / 10) * DAY_MS + i }),
    ),
  ).flat();
  return memorySource({
    'edge-1': rows.filter(({ vehicle, seq }) => vehicle !== 'car-4' || seq !== 7),
    'edge-2': [
      ...rows.filter(({ vehicle, seq }) => seq % 2 === 0 && vehicle !== 'car-4'),
      row('car-5', 3, { timeMs: 5 }),
    ],
  });
};

describe('the record of an audit', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-tally-'));
    path = join(folder, 'audit.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** An audit with the record, ended after `until` ranges as by a kill. */
  const run = async (source: MemorySource, until = Infinity): Promise<AuditResult | undefined> => {
    await using file = await openTallyFile(path, source, async () => ({
      ranges: await source.split(RANGES),
      testimony,
    }));
    const stop = new AbortController();
    const onProgress = ({ done }: { done: number }): void => {
      if (done >= until) stop.abort(new Error('killed'));
    };
    try {
      const read = await readRanges(source, file, { signal: stop.signal, onProgress });
      return await conclude(source, read, file.testimony, undefined);
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      return undefined;
    }
  };

  it('lets an audit go on where it was interrupted, with the same result, and reads no finished range again', async () => {
    const whole = await run(stored());
    assert.deepEqual(
      whole?.violations.map(({ vehicle, guarantee }) => `${guarantee} ${vehicle}`),
      ['1 car-3', '2 car-3', '2 car-4', '1 car-5'],
    );
    await rm(path);
    for (const until of [1, 4, 7]) {
      const source = stored();
      assert.equal(await run(source, until), undefined);
      const before = source.reads.splice(0);
      assert.deepEqual(await run(source), whole, `after ${until}`);
      assert.equal(before.length + source.reads.length, RANGES * 2);
      assert.equal(new Set([...before, ...source.reads]).size, RANGES * 2);
      await rm(path);
    }
  });

  it('goes on by what devices and witness said when it began', async () => {
    const source = stored();
    await run(source, 3);
    await using file = await openTallyFile(path, source, () => Promise.reject(new Error('asked again')));
    assert.deepEqual(file.testimony, testimony);
  });

  it('reads a range again whose line was torn by a kill, and goes on behind it', async () => {
    const source = stored();
    const whole = await run(stored());
    await rm(path);
    await run(source, 4);
    await truncate(path, (await stat(path)).size - 9);
    await run(source, 5);
    source.reads.length = 0;
    assert.deepEqual(await run(source), whole);
    assert.equal(source.reads.length, 3 * 2);
  });

  it('begins again where not even its first line is whole', async () => {
    await run(stored(), 1);
    await truncate(path, 200);
    const source = stored();
    await run(source);
    assert.equal(source.reads.length, RANGES * 2);
  });

  it('takes a line that stands twice only once', async () => {
    const whole = await run(stored());
    const text = await readFile(path, 'utf8');
    await appendFile(path, text.slice(text.indexOf('\n') + 1));
    assert.deepEqual(await run(stored()), whole);
  });

  it('refuses the record of other stores, and a file that is none', async () => {
    await run(stored(), 1);
    const other: HistorySource = memorySource({ 'edge-1': [], 'edge-9': [] });
    const begin = (): Promise<never> => Promise.reject(new Error('begun'));
    await assert.rejects(openTallyFile(path, other, begin), { code: 'CONFIG_INVALID', message: /edge-1, edge-2/ });
    for (const text of ['hello', 'hello\n', '{}\n', '{"schema":2}\n']) {
      await writeFile(path, text);
      await assert.rejects(openTallyFile(path, stored(), begin), { code: 'CONFIG_INVALID' }, text);
      assert.equal(await readFile(path, 'utf8'), text);
    }
    await assert.rejects(openTallyFile(join(folder, 'no', 'such'), stored(), begin), { code: 'CONFIG_INVALID' });
  });
});
