import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openNetwork } from '../../../lab/netns/network.js';
import { liveRuns, processesOf, sweepNamespaces } from '../../../lab/netns/sweep.js';
import { openOpenVSwitch } from '../../../lab/open-vswitch/open-vswitch.js';
import { eventually } from '../../fakes/eventually.js';
import { COAP, SMALL, TWIN, handMade, needsLab, openSocket } from './lab.js';

describe('the life of a network of namespaces', function () {
  this.timeout(60_000);
  before(needsLab);
  const children: ChildProcess[] = [];
  after(() => children.forEach(child => child.kill('SIGKILL')));

  /** A process that owns a network with a switch, a relay and programs: its own processes are the run's. */
  const owner = async (): Promise<{ child: ChildProcess; folder: string; holder: number }> => {
    const compiled = import.meta.url.endsWith('.js');
    const script = fileURLToPath(new URL(`./owner-child.${compiled ? 'js' : 'ts'}`, import.meta.url));
    const child = spawn(process.execPath, [...(compiled ? [] : ['--import', 'tsx']), script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [folder] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const holder = processesOf(folder).find(pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('holder.sh'));
    assert.ok(holder !== undefined && processesOf(folder).length >= 6 && existsSync(folder));
    return { child, folder, holder };
  };
  const isGone = (folder: string): boolean => processesOf(folder).length === 0 && !existsSync(folder);

  it('ends with its owner, however that ended', async () => {
    const { child, folder } = await owner();
    child.kill('SIGKILL');
    await eventually('nothing is left', () => isGone(folder), 20_000);
  });

  it('is swept by the next one where nobody was left to end it', async () => {
    const { child, folder, holder } = await owner();
    process.kill(holder, 'SIGSTOP');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    process.kill(holder, 'SIGKILL');
    await sweepNamespaces();
    assert.ok(isGone(folder), String(processesOf(folder)));
  });

  it('is not swept while its owner lives', async () => {
    const network = await openNetwork(SMALL);
    await sweepNamespaces();
    assert.deepEqual(
      liveRuns().filter(({ folder }) => folder === network.folder),
      [{ owner: process.pid, folder: network.folder }],
    );
    assert.equal((await network.run('car-1', ['echo', 'there'])).trim(), 'there');
    await network[Symbol.asyncDispose]();
    assert.ok(isGone(network.folder));
  });

  it('leaves nothing when it cannot be built', async () => {
    const bin = mkdtempSync(join(tmpdir(), 'edgetwin-bin-'));
    writeFileSync(join(bin, 'ethtool'), '#!/bin/sh\necho no such device >&2\nexit 1\n');
    chmodSync(join(bin, 'ethtool'), 0o755);
    const path = process.env['PATH'] ?? '';
    process.env['PATH'] = `${bin}:${path}`;
    try {
      await assert.rejects(openNetwork(SMALL), { code: 'LAB_FAILED', message: /no such device/ });
    } finally {
      process.env['PATH'] = path;
      rmSync(bin, { recursive: true });
    }
    assert.deepEqual(
      liveRuns().filter(one => one.owner === process.pid),
      [],
    );
  });

  it('is one of several with the same names and addresses at once, none of which sees the others', async () => {
    const runs = await Promise.all([1, 2].map(() => openNetwork(SMALL)));
    try {
      const answers = await Promise.all(
        runs.map(async (network, index) => {
          const flows = await openOpenVSwitch(network, 1);
          await flows.addFlows(handMade(network, `host-${index + 1}`, 101 + index));
          const host = await openSocket(network, `host-${index + 1}`, COAP, 'echo');
          const car = await openSocket(network, 'car-1', COAP);
          car.send(TWIN, COAP, `run ${index}`);
          return [(await host.next()).text, (await car.next()).text, await network.checksumErrors()];
        }),
      );
      assert.deepEqual(answers, [
        ['run 0', 'run 0', {}],
        ['run 1', 'run 1', {}],
      ]);
    } finally {
      await Promise.all(runs.map(network => network[Symbol.asyncDispose]()));
    }
    assert.deepEqual(
      runs.map(({ folder }) => isGone(folder)),
      [true, true],
    );
  });
});
