import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { LocalMano } from '../../../md-manager/mano/local.js';
import { lives, signalIf, startTicksOf } from '../../../md-manager/mano/process-table.js';
import { sweep } from '../../../md-manager/sweep.js';
import { openLmdbControlStore, type LmdbControlStore } from '../../../store/lmdb/control-store.js';
import { eventually } from '../../fakes/eventually.js';
import { manoContract, type ManoUnderTest } from './mano-contract.js';

interface Local extends ManoUnderTest {
  readonly store: LmdbControlStore;
}

const command = [process.execPath, '-e', 'setInterval(() => undefined, 1000)', '--'];

async function local(program = command, launcher?: string, from6?: string): Promise<Local> {
  const folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
  const store = await openLmdbControlStore({ path: join(folder, 'control') });
  const opened: LocalMano[] = [];
  return {
    store,
    open: () => {
      const mano = new LocalMano({
        store,
        command: program,
        flags: () => [],
        addressesFrom: () => '127.96.0.0',
        ...(launcher === undefined ? {} : { launcher }),
        ...(from6 === undefined ? {} : { addresses6From: () => from6 }),
        logDir: join(folder, 'log'),
        env: {},
        clock: systemClock,
        timers: systemTimers,
      });
      opened.push(mano);
      return Promise.resolve(mano);
    },
    end: async host => {
      const row = (await store.instances()).find(found => found.host === host)!;
      await signalIf(row, 'SIGKILL');
      await eventually('it is gone', async () => !(await lives(row)));
    },
    [Symbol.asyncDispose]: async () => {
      for (const mano of opened) await mano[Symbol.asyncDispose]();
      await sweep(store, { clock: systemClock, timers: systemTimers });
      await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

manoContract('the local machine', () => local());

describe('hosts of both families', () => {
  manoContract('the local machine, with IPv6,', () => local(command, undefined, 'fd00::ffff'));

  it('are told both addresses, and keep them whatever later managers are set to', async () => {
    await using under = await local(command, undefined, 'fd00::ffff');
    await using mano = await under.open();
    await mano.adopt();
    const { host, address, address6, pid } = await mano.start('core');
    assert.deepEqual([address, address6], ['127.96.0.1', 'fd00::1:0']);
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    assert.equal(words[words.indexOf('--address') + 1], address);
    assert.equal(words[words.indexOf('--address6') + 1], address6);
    assert.equal(mano.placeOf(host).address6, address6);
    assert.equal(mano.placeOf('core/2').address6, 'fd00::1:1');
    await using four = new LocalMano({
      store: under.store,
      command,
      flags: () => [],
      addressesFrom: () => '127.97.0.0',
      logDir: tmpdir(),
      env: {},
      clock: systemClock,
      timers: systemTimers,
    });
    await four.adopt();
    assert.deepEqual([four.placeOf(host).address6, four.placeOf('core/2').address6], [address6, undefined]);
    assert.deepEqual([four.placeOf(host).address, four.placeOf('core/2').address], [address, '127.97.0.2']);
  });
});

describe('through a launcher', () => {
  let folder: string;
  let launcher: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
    launcher = join(folder, 'launcher');
    const words = `echo "$1 $2" >> ${join(folder, 'launched')}; title=$2; shift 2; exec -a "$title" "$@"`;
    await writeFile(launcher, `#!/bin/bash\n${words}\n`, { mode: 0o755 });
  });
  after(() => rm(folder, { recursive: true }));

  manoContract('the local machine, through a launcher,', () => local(command, launcher));

  it('tells it the domain and the title of the host', async () => {
    await using under = await local(command, launcher);
    await using mano = await under.open();
    const { host, pid } = await mano.start('edge-1');
    const title = async (): Promise<string> => (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')[0]!;
    await eventually('it has its title', async () => (await title()) === `edgetwin-vmd ${host}`);
    assert.match(await readFile(join(folder, 'launched'), 'utf8'), new RegExp(`^edge-1 edgetwin-vmd ${host}$`, 'm'));
  });
});

describe('local processes', function () {
  this.timeout(60_000);

  it('never signals a process that has got the number of another', async () => {
    await using under = await local();
    await using mano = await under.open();
    const instance = await mano.start('core');
    await signalIf({ pid: instance.pid, startTicks: instance.startTicks + 1 }, 'SIGKILL');
    assert.equal(await startTicksOf(instance.pid), instance.startTicks);
  });

  it('says that a program which cannot be started failed, and keeps no row of it', async () => {
    await using under = await local(['/nonexistent/program']);
    await using mano = await under.open();
    await assert.rejects(mano.start('core'), { code: 'MANO_FAILED' });
    assert.deepEqual([await under.store.instances(), mano.list()], [[], []]);
  });

  it('sweeps a process whose manager died before it could write its number, though it has set its title', async () => {
    const program = 'process.title = "edgetwin-vmd core/1"; setInterval(() => undefined, 1000)';
    await using under = await local([process.execPath, '-e', program, '--']);
    const mano = await under.open();
    const { host, pid } = await mano.start('core');
    const words = (): Promise<string> => readFile(`/proc/${pid}/cmdline`, 'utf8');
    await eventually('it has set its title', async () => !(await words()).includes('--address'));
    const [row] = await under.store.instances();
    await mano[Symbol.asyncDispose]();
    await under.store.putInstance({ ...row!, host, pid: 0, startTicks: 0, state: 'starting' });
    await using next = await under.open();
    assert.deepEqual(await next.adopt(), []);
    await eventually('it is gone', async () => (await startTicksOf(pid)) === undefined);
  });

  it('finds what only one side knows: ends a process that nobody uses, forgets a row of one that is gone', async () => {
    await using under = await local();
    await using mano = await under.open();
    const used = await mano.start('core');
    await using other = await under.open();
    const { host, pid, startTicks } = await other.start('edge-1');
    const [row] = await under.store.instances();
    await under.store.putInstance({ ...row!, host: 'edge-2/9', pid: 2 ** 22, startTicks: 1 });
    assert.deepEqual(
      [...(await mano.reconcile())].sort((a, b) => a.host.localeCompare(b.host)),
      [
        { finding: 'instance-unknown', host, did: 'ended' },
        { finding: 'instance-gone', host: 'edge-2/9', did: 'forgotten' },
      ],
    );
    await eventually('it is gone', async () => (await startTicksOf(pid)) !== startTicks);
    assert.deepEqual(
      (await under.store.instances()).map(instance => instance.host),
      [used.host],
    );
    assert.deepEqual(await mano.reconcile(), []);
  });
});
