import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { IpShell } from '../../../../lab/netns/ip-shell.js';

/** `ip -force -batch -` as far as its answers go: refuses lines with `bad`, ends at lines with `nonsense`. */
class FakeIp extends EventEmitter {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly got: string[] = [];
  constructor() {
    super();
    this.stdin.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().split('\n').slice(0, -1)) this.#take(line);
    });
    this.stdin.once('end', () => this.emit('close', 0));
  }
  #take(line: string): void {
    if (line === 'link show dev lo') {
      this.stdout.write('1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\n    link/loopback 00:00:00:00:00:00\n');
      return;
    }
    this.got.push(line);
    if (line.includes('bad')) this.stderr.write(`RTNETLINK answers: ${line}\n`);
    if (line.includes('nonsense')) {
      this.stderr.write('Error: argument "nonsense" is wrong\n');
      this.stdin.removeAllListeners('data');
      setImmediate(() => this.emit('close', 255));
    }
  }
}

describe('a shell of ip commands', () => {
  const started: FakeIp[] = [];
  const shell = (): IpShell =>
    new IpShell(() => {
      const ip = new FakeIp();
      started.push(ip);
      return ip as unknown as ChildProcess;
    });
  beforeEach(() => void started.splice(0));

  it('starts one process, at the first command, and gives it all in the order of the calls', async () => {
    const ip = shell();
    assert.equal(started.length, 0);
    await Promise.all([ip.apply(['one', 'two']), ip.apply(['three']), ip.apply([])]);
    assert.deepEqual(
      started.map(({ got }) => got),
      [['one', 'two', 'three']],
    );
  });

  it('tells the caller whose command was refused, and nobody else', async () => {
    const ip = shell();
    const outcomes = await Promise.allSettled([ip.apply(['one']), ip.apply(['bad', 'two']), ip.apply(['three'])]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.match(String((outcomes[1] as PromiseRejectedResult).reason), /LAB_FAILED.*bad; two.*RTNETLINK answers: bad/);
    assert.deepEqual(started[0]?.got, ['one', 'bad', 'two', 'three']);
  });

  it('fails what waits when the process ends, and starts another for the next', async () => {
    const ip = shell();
    const outcomes = await Promise.allSettled([ip.apply(['nonsense']), ip.apply(['never sent'])]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await ip.apply(['again']);
    assert.deepEqual(
      started.map(({ got }) => got),
      [['nonsense'], ['again']],
    );
  });
});
