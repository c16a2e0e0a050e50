import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditResult } from '../../../store/audit/types.js';
import type { HistoryRow } from '../../../store/types.js';
import { auditOutput, ScriptedServices, type Output } from '../../fakes/audit-command.js';
import { eventually } from '../../fakes/eventually.js';
import { START_MS, device, owner, row } from '../../fakes/store-rows.js';
import { migratedStores, type Domain, type MigratedStores } from './migrated-stores.js';
import { needsCluster, needsCuts, sharedCluster } from './shared-cluster.js';

const DAY_MS = 86_400_000;
const RANGES = 24;

describe('edgetwin audit on Cassandra', function () {
  this.timeout(180_000);
  let stores: MigratedStores;
  let services: ScriptedServices;
  let directory: string;

  before(needsCluster);
  before(async () => {
    stores = await migratedStores();
  });
  beforeEach(async () => {
    await stores.empty();
    directory = await mkdtemp(join(tmpdir(), 'edgetwin-audit-'));
    services = new ScriptedServices();
  });
  afterEach(async () => {
    await services[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  /** Reports of car-1 over five days, in ten partitions with those of another car. */
  const rows = (from: number, to: number, vehicle = 'car-1'): HistoryRow[] =>
    Array.from({ length: to - from + 1 }, (_, i) => {
      const seq = from + i;
      return row(vehicle, seq, { timeMs: START_MS + Math.floor((seq - 1) / 20) * DAY_MS + seq * 500 });
    });
  const put = async (domain: Domain, ...stored: readonly HistoryRow[]): Promise<void> =>
    (await stores.twin(domain)).append(stored);
  /** Has a system at rest with 100 reports of each of two cars; gives the words of the command. */
  const prepare = async (): Promise<string[]> => {
    const control = await stores.control();
    await control.insertDevice(device('car-1', 1_025));
    await control.insertOwner(owner('car-1', 0, { handover: 'registration' }));
    await control.claim(owner('car-1', 2));
    const witness = join(directory, 'witness');
    await writeFile(witness, Array.from({ length: 100 }, (_, i) => `car-1 1 ${i + 1}\n`).join(''));
    return [
      ...['--store-kind', 'cassandra', '--cassandra-keyspace', stores.prefix, '--ranges', String(RANGES)],
      ...[
        '--cassandra-contact-points',
        Object.entries(stores.points)
          .map(([name, at]) => `${name}=${at}`)
          .join(','),
      ],
      ...['--witness', witness, '--settle-ms', '0'],
    ];
  };
  const resultOf = ({ code, text, errors }: Output): AuditResult => {
    assert.ok(text !== '', errors);
    const result = JSON.parse(text) as AuditResult;
    assert.equal(code, result.violations.length === 0 ? 0 : 1);
    return result;
  };
  const audited = async (argv: readonly string[]): Promise<AuditResult> =>
    resultOf(await auditOutput([...argv, '--json']));
  const said = ({ violations }: AuditResult): string[] => violations.map(({ guarantee, say }) => `${guarantee} ${say}`);

  it('finds nothing where all is well, whatever domain a report came to', async () => {
    const argv = await prepare();
    await put('edge-1', ...rows(1, 60), ...rows(1, 100, 'car-2'));
    await put('edge-2', ...rows(50, 90));
    await put('core', ...rows(91, 100));
    const acting = { state: 'assigned', vehicle: 'car-1', actingEpoch: 2, leaseHeld: true };
    const asked = ['--manager', await services.manager([acting]), '--sdn', await services.sdn(2)];
    const { code, text } = await auditOutput([...argv, ...asked]);
    assert.equal(code, 0, text);
    assert.match(text, /car-1 +100 +100 +100 +– +100 +0 +0 +0/);
    await eventually('every domain has every row', async () => {
      const { domains } = await audited(argv);
      assert.deepEqual(
        domains.map(({ domain }) => domain),
        ['core', 'edge-1', 'edge-2'],
      );
      return domains.every(one => one.rows === 200 && one.missing === 0);
    });
  });

  it('finds a row doubled under another time, of the same day or not', async () => {
    const argv = await prepare();
    await put(
      'edge-1',
      ...rows(1, 100),
      row('car-1', 3, { timeMs: START_MS + 9 }),
      row('car-1', 44, { timeMs: START_MS }),
    );
    assert.deepEqual(said(await audited(argv)), ['1 reports of boot 1 are stored under more than one time: 3, 44']);
  });

  it('finds a gap', async () => {
    const argv = await prepare();
    await put('edge-2', ...rows(1, 39), ...rows(42, 100));
    assert.deepEqual(said(await audited(argv)), [
      '1 2 acknowledged reports of boot 1 are not stored: 40–41',
      '2 2 of 100 accepted reports of boot 1 are neither stored nor declared: 40–41',
    ]);
  });

  it('finds two owners, an orphan slot and an old flow', async () => {
    const argv = await prepare();
    await put('core', ...rows(1, 100));
    const acting = { state: 'assigned', vehicle: 'car-1', actingEpoch: 2, leaseHeld: true };
    const orphan = { state: 'reserved', vehicle: 'car-7', handover: 'gone' };
    const manager = await services.manager([acting, { ...acting, state: 'draining', actingEpoch: 1 }, orphan]);
    assert.deepEqual(said(await audited([...argv, '--manager', manager, '--sdn', await services.sdn(1)])), [
      '3 edge-1/1 (epoch 2) and edge-2/1 (epoch 1) act at once',
      '4 slot 0 of edge-3/1 is reserved for nobody (says the host)',
      '5 the switch holds flows older than epoch 2: path of 1',
    ]);
  });

  it('goes on where it was interrupted, and reads no finished range again', async () => {
    const argv = await prepare();
    await put('edge-1', ...rows(1, 39), ...rows(41, 100), ...rows(1, 100, 'car-2'));
    const record = join(directory, 'audit.jsonl');
    const finished = async (): Promise<number[]> => {
      const lines = (await readFile(record, 'utf8').catch(() => ''))
        .split('\n')
        .filter(line => line.startsWith('{"range"'));
      return lines.map(line => (JSON.parse(line) as { range: number }).range);
    };
    const stop = new AbortController();
    const interrupted = auditOutput([...argv, '--resume', record], stop.signal);
    await eventually('a few ranges are finished', async () => (await finished()).length >= 3);
    stop.abort(new Error('SIGINT'));
    assert.equal((await interrupted).code, 2);
    // Once all are read, nobody can be asked who acts.
    const away = await auditOutput([...argv, '--resume', record, '--manager', 'http://127.0.0.1:1']);
    assert.match(away.errors, /UPSTREAM_AWAY/);
    const once = await finished();
    assert.deepEqual(once.toSorted((a, b) => a - b), Array.from({ length: RANGES }, (_, range) => range)); // prettier-ignore
    const resumed = await audited([...argv, '--resume', record]);
    assert.deepEqual(resumed.reports, (await audited(argv)).reports);
    assert.equal(said(resumed).length, 2);
  });

  it('says which rows a domain lacks that is cut off, and calls none of them lost', async function () {
    needsCuts.call(this);
    const cluster = await sharedCluster();
    const argv = await prepare();
    await put('edge-1', ...rows(1, 50));
    await eventually('all domains are alike', async () =>
      (await audited([...argv])).domains.every(one => one.missing === 0),
    );
    await cluster.cut('edge-1', 'edge-2');
    try {
      await put('edge-1', ...rows(51, 100));
      const { domains, violations } = await audited(argv);
      assert.deepEqual(violations, []);
      assert.deepEqual(
        domains.find(({ domain }) => domain === 'edge-2'),
        { domain: 'edge-2', rows: 50, missing: 50 },
      );
    } finally {
      await cluster.heal('edge-1', 'edge-2');
    }
    await eventually(
      'what was missing has come',
      async () => (await audited(argv)).domains.every(one => one.missing === 0),
      90_000,
    );
  });

  it('is not made while a domain is away, and is without it where that is asked for', async () => {
    const cluster = await sharedCluster();
    const argv = await prepare();
    await put('edge-1', ...rows(1, 100));
    await eventually('all domains are alike', async () =>
      (await audited(argv)).domains.every(one => one.missing === 0),
    );
    await cluster.node('edge-2').kill();
    try {
      const { code, text, errors } = await auditOutput(argv);
      assert.deepEqual([code, text], [2, ''], errors);
      assert.match(errors, /could not be made: STORE_AWAY.*edge-2/);
      const without = resultOf(await auditOutput([...argv, '--json', '--domains', 'edge-1,core']));
      assert.deepEqual([without.violations, without.domains.map(({ domain }) => domain)], [[], ['edge-1', 'core']]);
    } finally {
      await cluster.node('edge-2').restart();
    }
    await assert.rejects(auditOutput([...argv, '--domains', 'edge-9']), { code: 'CONFIG_INVALID', message: /edge-9/ });
  });
});
