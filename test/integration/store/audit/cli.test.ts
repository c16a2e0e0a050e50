import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../../store/audit/cli.js';
import type { AuditResult } from '../../../../store/audit/types.js';
import { openLmdbControlStore } from '../../../../store/lmdb/control-store.js';
import { openLmdbTwinStore } from '../../../../store/lmdb/twin-store.js';
import type { HistoryRow } from '../../../../store/types.js';
import { auditOutput, ScriptedServices } from '../../../fakes/audit-command.js';
import { START_MS, device, owner, row } from '../../../fakes/store-rows.js';

const never = new AbortController().signal;

describe('edgetwin audit', () => {
  let directory: string;
  let services: ScriptedServices;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'edgetwin-audit-'));
    services = new ScriptedServices();
  });
  afterEach(async () => {
    await services[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  /** A system at rest after 20 reports of one car; `rows` by domain. */
  const prepare = async (rows: Readonly<Record<string, readonly HistoryRow[]>>): Promise<string[]> => {
    for (const [domain, stored] of Object.entries(rows)) {
      await using store = await openLmdbTwinStore({ path: join(directory, domain), domain });
      await store.append(stored);
    }
    await using control = await openLmdbControlStore({ path: join(directory, 'control') });
    await control.insertDevice(device('car-1', 1_025));
    await control.insertOwner(owner('car-1', 0, { handover: 'registration' }));
    await control.claim(owner('car-1', 2));
    const witness = join(directory, 'witness');
    await writeFile(witness, Array.from({ length: 20 }, (_, i) => `car-1 1 ${i + 1}\n`).join(''));
    const marks = join(directory, 'marks.json');
    await writeFile(
      marks,
      JSON.stringify([{ vehicle: 'car-1', boots: [{ boot: 1, sampled: 20, accepted: 20 }], resent: 1 }]),
    );
    const stores = Object.keys(rows).map(domain => join(directory, domain));
    return [
      ...['--stores', stores.join(','), '--control', join(directory, 'control'), '--settle-ms', '0'],
      ...['--witness', witness, '--marks', marks],
    ];
  };
  const rows = (from: number, to: number): HistoryRow[] =>
    Array.from({ length: to - from + 1 }, (_, i) => row('car-1', from + i));

  const acting = { state: 'assigned', vehicle: 'car-1', actingEpoch: 2, leaseHeld: true };
  const violations = async (argv: readonly string[]): Promise<string[]> => {
    const { code, text } = await auditOutput([...argv, '--json']);
    const result = JSON.parse(text) as AuditResult;
    assert.equal(code, result.violations.length === 0 ? 0 : 1);
    return result.violations.map(({ guarantee, say }) => `${guarantee} ${say}`);
  };

  it('finds nothing in a system where all is well, and says so', async () => {
    const argv = await prepare({ 'edge-1': rows(1, 15), 'edge-2': rows(10, 20) });
    const asked = ['--manager', await services.manager([acting, { state: 'ready' }]), '--sdn', await services.sdn(2)];
    const { code, text } = await auditOutput([...argv, ...asked]);
    assert.equal(code, 0, text);
    assert.match(text, /car-1 +20 +20 +20 +1 +20 +0 +0 +0/);
    assert.match(text, /every guarantee that was checked holds/);
  });

  it('finds an acknowledged report that no store has', async () => {
    const found = await violations(await prepare({ 'edge-1': rows(1, 9), 'edge-2': rows(11, 20) }));
    assert.deepEqual(
      found.map(say => say[0]),
      ['1', '2'],
    );
  });

  it('finds a report that is stored twice', async () => {
    const found = await violations(
      await prepare({ 'edge-1': rows(1, 20), 'edge-2': [row('car-1', 3, { timeMs: START_MS })] }),
    );
    assert.deepEqual(found, ['1 reports of boot 1 are stored under more than one time: 3']);
  });

  it('finds two acting hosts, a slot that nobody holds, and an old flow', async () => {
    const argv = await prepare({ 'edge-1': rows(1, 20) });
    const orphan = { state: 'reserved', vehicle: 'car-7', handover: 'gone' };
    const two = await services.manager([acting, { ...acting, state: 'draining', actingEpoch: 1 }, orphan]);
    const found = await violations([...argv, '--manager', two, '--sdn', await services.sdn(1)]);
    assert.deepEqual(found, [
      '3 edge-1/1 (epoch 2) and edge-2/1 (epoch 1) act at once',
      '4 slot 0 of edge-3/1 is reserved for nobody (says the host)',
      '5 the switch holds flows older than epoch 2: path of 1',
    ]);
  });

  it('takes a host that does not answer for ended where the manager does not name it any more', async () => {
    const argv = await prepare({ 'edge-1': rows(1, 20) });
    assert.deepEqual(await violations([...argv, '--manager', await services.manager([acting], 1)]), []);
    const { code, errors } = await auditOutput([...argv, '--manager', await services.manager([acting], 2)]);
    assert.equal(code, 2);
    assert.match(errors, /could not be made: UPSTREAM_AWAY/);
  });

  it('goes on with an audit that could not be made, and reads nothing twice', async () => {
    const argv = await prepare({ 'edge-1': rows(1, 15), 'edge-2': rows(10, 20) });
    const record = join(directory, 'audit.jsonl');
    const resumed = [...argv, '--resume', record];
    // The manager is away: rows are read, and nothing can be said of who acts.
    const away = await auditOutput([...resumed, '--manager', 'http://127.0.0.1:1']);
    assert.deepEqual([away.code, away.text], [2, '']);
    assert.match(away.errors, /^the audit could not be made: UPSTREAM_AWAY.*goes on with .*audit\.jsonl$/m);
    // Were rows read again, this one would be found; were the witness, its last line.
    await using store = await openLmdbTwinStore({ path: join(directory, 'edge-1'), domain: 'edge-1' });
    await store.append([row('car-1', 3, { timeMs: START_MS })]);
    await appendFile(join(directory, 'witness'), 'car-1 1 21\n');
    const { code, text } = await auditOutput([...resumed, '--json']);
    const result = JSON.parse(text) as AuditResult;
    assert.deepEqual([code, result.violations, result.reports.acknowledged], [0, [], 20]);
    await assert.rejects(stat(record), { code: 'ENOENT' });
    assert.equal((await auditOutput(resumed)).code, 1);
  });

  it('says that it was interrupted, and not that all is well', async () => {
    const argv = await prepare({ 'edge-1': rows(1, 20) });
    const { code, text, errors } = await auditOutput(argv, AbortSignal.abort(new Error('SIGINT')));
    assert.deepEqual([code, text], [2, '']);
    assert.match(errors, /could not be made: interrupted/);
  });

  it('refuses to begin without what its kind of store needs', async () => {
    const refuses = (argv: readonly string[], message: RegExp): Promise<void> =>
      assert.rejects(run(argv, {}, never), { code: 'CONFIG_INVALID', message });
    await refuses([], /stores and control are required/);
    await refuses(['--store-kind', 'cassandra'], /cassandra\.contactPoints/);
    await refuses(['--store-kind', 'postgres'], /store\.kind/);
  });

  it('does not wait on for a cluster that is away when it is interrupted', async () => {
    const words = ['--store-kind', 'cassandra', '--cassandra-contact-points', '127.0.0.1:1'];
    const stop = new AbortController();
    setImmediate(() => stop.abort(new Error('SIGINT')));
    const { code, text, errors } = await auditOutput(words, stop.signal);
    assert.deepEqual([code, text], [2, '']);
    assert.match(errors, /interrupted/);
  });

  it('refuses stores, witnesses and marks that are not there, and makes none', async () => {
    const argv = await prepare({ 'edge-1': rows(1, 20) });
    for (const flag of ['--stores', '--control', '--witness', '--marks']) {
      const wrong = [...argv, flag, join(directory, 'nowhere')];
      await assert.rejects(run(wrong, {}, never), { code: 'CONFIG_INVALID' }, flag);
    }
  });
});
