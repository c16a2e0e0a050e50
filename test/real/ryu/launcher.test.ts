import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../../common/package-root.js';
import { freePort } from '../../../lab/network/free-port.js';
import { ensureVenv, findVenv } from '../../../sdn-app/ryu/venv.js';
import { eventually } from '../../fakes/eventually.js';
import { needsSwitches } from '../flow-switch/ryu-process.js';
import { WireClient } from './wire-client.js';

const compiled = import.meta.url.endsWith('.js');

/** `edgetwin ryu` as a process of its own. */
function edgetwinRyu(...argv: readonly string[]): ChildProcess {
  const main = compiled ? ['dist/cli/edgetwin.js'] : ['--import', 'tsx', 'cli/edgetwin.ts'];
  return spawn(process.execPath, [...main, 'ryu', ...argv], { cwd: packageRoot(), stdio: ['ignore', 'pipe', 'pipe'] });
}

const said = async (stream: NodeJS.ReadableStream | null): Promise<string> => {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
};

describe('edgetwin ryu', function () {
  this.timeout(60_000);
  before(needsSwitches);
  let openflow: number;
  let web: number;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    [openflow, web] = [await freePort(), await freePort()];
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  const start = (): ChildProcess => {
    const child = edgetwinRyu('--openflow', `127.0.0.1:${openflow}`, '--listen', `127.0.0.1:${web}`);
    children.push(child);
    return child;
  };
  const ready = async ({ stdout }: ChildProcess): Promise<string> => {
    assert.ok(stdout);
    const [line] = (await once(createInterface({ input: stdout }), 'line')) as [string];
    return line;
  };
  const nobodyServes = (): Promise<void> =>
    eventually('both ports are free', async () => {
      for (const port of [openflow, web]) {
        const server = createServer();
        const free = await new Promise<boolean>(resolve => {
          server.once('error', () => resolve(false));
          server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
        });
        if (!free) return false;
      }
      return true;
    });

  it('says where it serves once it does, and ends with 0 when it is asked to', async () => {
    const child = start();
    assert.equal(await ready(child), `ready ws://127.0.0.1:${web}/edgetwin/v1`);
    await using client = await WireClient.open(web);
    assert.deepEqual((await client.next('hello')).datapaths, []);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
    await nobodyServes();
  });

  it('leaves no Ryu behind when it is killed', async () => {
    const child = start();
    await ready(child);
    child.kill('SIGKILL');
    await nobodyServes();
  });

  it('ends with 1 and says why when a port is taken, by another Ryu too', async () => {
    await ready(start());
    const second = start();
    const [text, [code]] = await Promise.all([said(second.stderr), once(second, 'exit')]);
    assert.match(text, new RegExp(`127.0.0.1:${openflow} cannot be served: Address already in use`));
    assert.match(text, /RYU_FAILED/);
    assert.equal(code, 1);
  });

  it('names the settings that are wrong', async () => {
    const child = edgetwinRyu('--openflow', '6653', '--echo-misses', '-1');
    children.push(child);
    const [text, [code]] = await Promise.all([said(child.stderr), once(child, 'exit')]);
    assert.match(text, /openflow must be ADDRESS:PORT.*echoMisses must be an integer/);
    assert.equal(code, 2);
  });
});

describe('the virtual environment of Ryu', function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'edgetwin-venv-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('is not taken from a folder that holds something else, nor is that touched', async () => {
    assert.equal(await findVenv('ryu', folder), undefined);
    assert.equal(await findVenv('ryu', join(folder, 'none')), undefined);
  });

  it('is left half made nowhere when Python cannot be had', async () => {
    const at = join(folder, 'venv');
    await assert.rejects(ensureVenv('ryu', { folder: at, python: join(folder, 'python') }), { code: 'RYU_FAILED' });
    assert.equal(await findVenv('ryu', at), undefined);
    await assert.rejects(rm(at, { recursive: true }), { code: 'ENOENT' });
  });
});
