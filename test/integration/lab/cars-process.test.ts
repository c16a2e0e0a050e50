import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../common/package-root.js';
import { claimBlock, type LoopbackBlock } from '../../../lab/network/loopback-block.js';
import { LineClient } from '../../fakes/line-client.js';

/** The command as it is started for users: from dist/ where the tests run from there, else from source. */
function start(words: readonly string[]): ChildProcess {
  const compiled = import.meta.url.endsWith('.js');
  const entry = join(packageRoot(), compiled ? 'dist/cli/edgetwin.js' : 'cli/edgetwin.ts');
  assert.ok(existsSync(entry));
  return spawn(process.execPath, [...(compiled ? [] : ['--import', 'tsx']), entry, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

describe('edgetwin lab cars', () => {
  let block: LoopbackBlock;
  before(async () => (block = await claimBlock()));
  after(() => block[Symbol.asyncDispose]());

  const words = (startAtMs: number): string[] => [
    ...['lab', 'cars', '--drive', 'drive-06', '--cars', '2', '--speed', '10', '--start-at', String(startAtMs)],
    ...['--block', String(block.base), '--turn-around-ms', '0', '--log-level', 'warn'],
  ];

  it('says ready, serves every car, and after a kill goes on where the cars are', async () => {
    const startAtMs = Date.now() - 3_000;
    const distances: number[] = [];
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const child = start(words(startAtMs));
      try {
        assert.ok(child.stdout);
        const [line] = (await once(child.stdout, 'data')) as [Buffer];
        assert.equal(line.toString(), `ready ${block.carAddress(0)}:35000\n`);
        for (const car of [0, 1]) {
          await using gps = await LineClient.open({ address: block.carAddress(car), port: 2947 });
          assert.match(await gps.until('\n'), /"class":"VERSION"/);
          await using elm = await LineClient.open({ address: block.carAddress(car), port: 35_000 });
          elm.send('ATE0\r');
          await elm.until('>');
          elm.send('011F1\r');
          const found = /41 1F ([0-9A-F]{2}) ([0-9A-F]{2}) /.exec(await elm.until('\r\r>'));
          distances.push(parseInt(`${found?.[1]}${found?.[2]}`, 16));
        }
      } finally {
        const exited = once(child, 'exit');
        child.kill(signal);
        const [code] = (await exited) as [number | null];
        if (signal === 'SIGTERM') assert.equal(code, 0);
      }
    }
    const [first = 0, second = 0, again = 0] = distances;
    assert.ok(first >= 30, `car 0 is ${first} s into its drive`);
    assert.ok(second < first, 'car 1 started later');
    assert.ok(again >= first, 'a restart does not set the car back');
  });

  it('names every fault of its command line at once', async () => {
    const child = start(['lab', 'cars', '--cars', '0', '--wheels', '4']);
    let said = '';
    child.stderr?.on('data', chunk => (said += String(chunk)));
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 2);
    for (const fault of [/--wheels is unknown/, /cars must be/, /startAt is required/, /block is required/])
      assert.match(said, fault);
  });
});
