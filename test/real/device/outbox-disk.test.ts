import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import { openNodeDisk } from '../../../device/uplink/node-disk.js';
import { Outbox } from '../../../device/uplink/outbox.js';
import type { Key } from '../../../device/uplink/key.js';
import { eventually } from '../../fakes/eventually.js';

/** Small enough to be filled in a moment. */
const DISK = 'size=512k';

const mount = (...args: string[]): boolean => spawnSync('mount', args, { stdio: 'ignore' }).status === 0;

describe('an outbox on a real disk of its own', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(async function () {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-disk-'));
    if (!mount('-t', 'tmpfs', '-o', DISK, 'tmpfs', folder)) {
      process.stdout.write('    no file system may be mounted here: skipped\n');
      await rm(folder, { recursive: true });
      this.skip();
    }
    await mkdir(join(folder, 'state'));
  });
  afterEach(async () => {
    spawnSync('umount', ['-l', folder]);
    await rm(folder, { recursive: true, force: true });
  });

  async function open() {
    const offered: Key[] = [];
    const clock = systemClock;
    const disk = await openNodeDisk(join(folder, 'state'));
    const outbox = await Outbox.open({
      disk,
      vehicle: 'car-1',
      nextBoot: known => Promise.resolve(known + 1),
      stamp: () => ({ offsetMs: clock.nowMs() - clock.monotonicMs(), clock: 'system' }),
      estimate: () => ({ offsetMs: clock.nowMs() - clock.monotonicMs(), clock: 'estimated' }),
      trustedMs: () => clock.nowMs(),
      maxAgeMs: 30 * 86_400_000,
      maxBytes: 16_777_216,
      syncMs: 1,
      clock,
      timers: { after: (ms, fn) => systemTimers.after(Math.min(ms, 20), fn) },
      log: silentLog,
    });
    outbox.listen({
      onSendable: reports => offered.push(...reports.map(({ key }) => key)),
      onDropped: () => undefined,
    });
    return {
      outbox,
      offered,
      add: () => outbox.add([{ name: 'spd', value: 50, monoMs: clock.monotonicMs() }]),
      [Symbol.asyncDispose]: async () => {
        await outbox[Symbol.asyncDispose]();
        await disk[Symbol.asyncDispose]();
      },
    };
  }

  it('waits while the disk is full, and loses nothing when there is room again', async () => {
    const life = await open();
    for (let i = 0; i < 50; i++) life.add();
    await eventually('reports that may be sent', () => life.offered.length === 50);
    // Somebody else takes all the room there is.
    await writeFile(join(folder, 'other'), new Uint8Array(1_000_000)).catch(() => undefined);
    for (let i = 0; i < 200; i++) life.add();
    await eventually('a write that failed', () => life.outbox.status.failing);
    await rm(join(folder, 'other'));
    await eventually('all reports', () => life.offered.length === 250);
    await life[Symbol.asyncDispose]();
    const after = await open();
    assert.equal(after.offered.length, 250);
    await after[Symbol.asyncDispose]();
  });

  it('goes on when a disk that became read-only can be written to again', async () => {
    const life = await open();
    for (let i = 0; i < 20; i++) life.add();
    await eventually('reports that may be sent', () => life.offered.length === 20);
    // The kernel refuses while files are open for writing: as an error of the card would, it takes hold at the next one.
    await life[Symbol.asyncDispose]();
    assert.ok(mount('-o', 'remount,ro', folder));
    await assert.rejects(open(), { code: 'EROFS' });
    assert.ok(mount('-o', 'remount,rw', folder));
    const after = await open();
    assert.equal(after.offered.length, 20);
    after.add();
    await eventually('the next report', () => after.offered.length === 21);
    await after[Symbol.asyncDispose]();
  });
});
