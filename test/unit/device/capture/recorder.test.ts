import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, type LogFields } from '../../../../common/log.js';
import { newCaptureFile, readCapture } from '../../../../device/capture/capture-file.js';
import { parseCapture } from '../../../../device/capture/capture.js';
import { Recorder, type CaptureFile } from '../../../../device/capture/recorder.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

const line = { dir: 'rx', data: 'x'.repeat(1_000) } as const;

function recorder(append: CaptureFile['append'], maxBytes = 10_000_000) {
  const clock = fakeClock();
  const logged: LogFields[] = [];
  const log = { ...silentLog, warn: (fields: LogFields): void => void logged.push(fields) };
  let isClosed = false;
  const file = { path: 'x', append, close: () => Promise.resolve(void (isClosed = true)) };
  const opened = new Recorder({ file, maxBytes, clock, timers: clock, log });
  return { opened, clock, logged, isClosed: () => isClosed };
}

describe('a recorder', () => {
  it('writes once a second, in order, and the rest when it is closed', async () => {
    const writes: string[] = [];
    const { opened, clock, isClosed } = recorder(text => Promise.resolve(void writes.push(text)));
    opened.note({ nmea: 'a' });
    opened.note({ nmea: 'b' });
    assert.equal(writes.length, 0);
    await clock.advance(1_000);
    assert.deepEqual(writes, ['{"t":0,"nmea":"a"}\n{"t":0,"nmea":"b"}\n']);
    opened.note({ nmea: 'c' });
    await opened[Symbol.asyncDispose]();
    assert.deepEqual([writes.at(-1), isClosed(), clock.pending], ['{"t":1,"nmea":"c"}\n', true, 0]);
  });

  it('ends at its bound, says so once, and holds whole lines', async () => {
    let text = '';
    const { opened, clock, logged } = recorder(more => Promise.resolve(void (text += more)), 65_536);
    for (let at = 0; at < 200; at++) opened.note(line);
    await clock.advance(1_000);
    opened.note(line);
    await opened[Symbol.asyncDispose]();
    assert.ok(text.length <= 65_536 && text.length > 60_000);
    assert.equal(parseCapture(text, 'x').isTorn, false);
    assert.deepEqual(
      logged.map(({ event, why }) => [event, why]),
      [['capture.ended', 'full']],
    );
  });

  it('waits for no disk: what a slow one has no room for is counted, and the count is recorded', async () => {
    let text = '';
    let go: () => void = () => undefined;
    const slow = (more: string): Promise<void> =>
      new Promise(resolve => {
        go = () => {
          text += more;
          resolve();
        };
      });
    const { opened, clock } = recorder(slow);
    for (let at = 0; at < 1_500; at++) opened.note(line);
    await clock.advance(1_000);
    go();
    await clock.advance(10);
    opened.note(line);
    const closed = opened[Symbol.asyncDispose]();
    await clock.advance(10);
    go();
    await closed;
    const { lost, entries } = parseCapture(text, 'x');
    assert.equal(lost + entries.length, 1_501);
    assert.ok(lost > 400);
  });

  it('ends where the disk fails, and the agent goes on', async () => {
    const { opened, clock, logged } = recorder(() => Promise.reject(new Error('ENOSPC')));
    opened.note(line);
    await clock.advance(1_000);
    opened.note(line);
    await opened[Symbol.asyncDispose]();
    assert.deepEqual(
      logged.map(({ event, why, error }) => [event, why, error]),
      [['capture.ended', 'disk', 'ENOSPC']],
    );
  });
});

describe('the file of a recording', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'edgetwin-capture-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is never one that is there: each start has its own', async () => {
    const path = join(folder, 'drive.jsonl');
    for (const text of ['{"t":0,"nmea":"1"}\n', '{"t":0,"nmea":"2"}\n', '{"t":0,"nmea":"3"}\n']) {
      const file = await newCaptureFile(path);
      await file.append(text);
      await file.close();
    }
    assert.deepEqual((await readdir(folder)).sort(), ['drive.2.jsonl', 'drive.3.jsonl', 'drive.jsonl']);
    assert.match(await readFile(join(folder, 'drive.2.jsonl'), 'utf8'), /"nmea":"2"/);
    assert.equal((await readCapture(path)).entries.length, 1);
  });

  it('that cannot be made or read is a fault of the settings, by name', async () => {
    await assert.rejects(newCaptureFile(join(folder, 'no', 'drive.jsonl')), {
      code: 'CONFIG_INVALID',
      message: /record/,
    });
    await assert.rejects(readCapture(join(folder, 'none')), { code: 'CONFIG_INVALID', message: /replay: .*none/ });
  });
});
