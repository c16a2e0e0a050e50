import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { packageRoot } from '../../../common/package-root.js';
import { processesOf } from '../../../lab/netns/sweep.js';
import { needsLab } from './lab.js';

const EXAMPLE = 'lab/netns/examples/two-edges.yaml';
const compiled = import.meta.url.endsWith('.js');
const COMMAND = [...(compiled ? ['dist/bin/edgetwin.js'] : ['--import', 'tsx', 'cli/edgetwin.ts']), 'lab', 'netns'];
const options = { cwd: packageRoot() };

describe('edgetwin lab netns', function () {
  this.timeout(60_000);
  before(needsLab);

  const said = async (...words: readonly string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, [...COMMAND, ...words], options)).stdout;

  it('builds a network from a file, steers it, runs programs in its places, and leaves nothing', async () => {
    const child = spawn(process.execPath, [...COMMAND, 'up', EXAMPLE], {
      ...options,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    try {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const line = async (): Promise<string> => {
        const next = await lines.next();
        return next.done === true ? assert.fail('it ended') : next.value;
      };
      const shown: string[] = [];
      let ready: string | undefined;
      while (ready === undefined) {
        const next = await line();
        ready = /^ready (.*)$/.exec(next)?.[1];
        if (ready === undefined) shown.push(next);
      }
      for (const place of ['sw-1', 'core-host', 'md-manager', 'car-1', 'van'])
        assert.ok(
          shown.some(text => text.startsWith(`${place} `)),
          place,
        );
      assert.match(await said('list'), new RegExp(`^${ready} of process ${child.pid}$`, 'm'));
      const way = (): Promise<string> => said('exec', ready, 'car-1', 'ip', 'route', 'get', '10.64.0.1');
      assert.match(await way(), / dev s1p1 /);
      child.stdin.write('move car-1 ap-2\n');
      await line();
      assert.match(await way(), / dev s1p2 /);
      child.stdin.write('errors\n');
      assert.equal(await line(), '{}');
      await said('down', ready);
      await ended;
      assert.deepEqual([child.exitCode, processesOf(ready), existsSync(ready)], [0, [], false]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('says what is wrong with its words', async () => {
    await assert.rejects(said('up', 'nowhere.yaml'), /nowhere\.yaml/);
    await assert.rejects(said('down', '/tmp/nowhere'), /no network is up in '\/tmp\/nowhere'/);
  });
});
