import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
const compiled = import.meta.url.endsWith('.js');

function hasStrace(): boolean {
  try {
    execFileSync('strace', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * kill -9 cannot show durability (the page cache survives it), so the system calls are read: between the first write of
 * a group and the line that acknowledges it stand a sync of the data and a synchronous write of the meta page.
 */
describe('an acknowledged write of the embedded store', function () {
  this.timeout(60_000);
  let directory: string;
  before(async function () {
    if (!hasStrace()) {
      console.log('      (skipped: strace is not installed)');
      this.skip();
    }
    directory = await mkdtemp(join(tmpdir(), 'edgetwin-strace-'));
  });
  after(() => (directory === undefined ? undefined : rm(directory, { recursive: true })));

  for (const kind of ['reports', 'intent'] as const)
    it(`is synced before it is acknowledged: ${kind}`, async () => {
      const trace = join(directory, `${kind}.trace`);
      const child = `test/real/sync-child.${compiled ? 'js' : 'ts'}`;
      const runner = compiled ? [] : ['--import', 'tsx'];
      const calls = 'trace=openat,pwrite64,pwritev,writev,fdatasync,fsync,write';
      const argv = ['-f', '-s', '64', '-e', calls, '-o', trace, process.execPath, ...runner, child];
      await promisify(execFile)('strace', [...argv, join(directory, kind), kind], { cwd: root });
      const lines = (await readFile(trace, 'utf8')).split('\n');
      const synchronous = lines
        .filter(line => line.includes('data.mdb"') && line.includes('O_DSYNC'))
        .map(line => line.slice(line.lastIndexOf('= ') + 2));
      assert.ok(synchronous.length > 0, 'no descriptor of the file writes synchronously');
      for (let i = 0; i < 10; i++) {
        const begin = lines.findIndex(line => line.includes(`"begin ${i}`));
        const end = lines.findIndex(line => line.includes(`"acknowledged ${i}`));
        assert.ok(begin >= 0 && end > begin);
        const between = lines.slice(begin, end);
        const synced = between.findIndex(line => /fdatasync\(\d+\) += 0|fdatasync resumed.*= 0/.test(line));
        const meta = between.findLastIndex(line => synchronous.some(fd => line.includes(`pwrite64(${fd},`)));
        assert.ok(synced >= 0, `no sync before acknowledgement ${i}`);
        assert.ok(meta > synced, `no meta page between the sync and acknowledgement ${i}`);
      }
    });
});
