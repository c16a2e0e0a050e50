import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { Replicator } from '../../../lab/replicator/replicator.js';
import { METRICS } from '../../../protocol/metrics.js';
import { openLmdbControlStore } from '../../../store/lmdb/control-store.js';
import { openLmdbTwinStore, type LmdbTwinStore } from '../../../store/lmdb/twin-store.js';
import { fakeClock, type FakeClock } from '../../fakes/fake-clock.js';
import { cell, collect, device, row } from '../../fakes/store-rows.js';

const DOMAINS = ['core', 'edge-1', 'edge-2'] as const;

describe('replicator', () => {
  let directory: string;
  let clock: FakeClock;
  let closers: AsyncDisposable[];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'edgetwin-replicator-'));
    clock = fakeClock();
    closers = [];
  });
  afterEach(async () => {
    for (const closer of closers.reverse()) await closer[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  const open = async (domain: string, journal: boolean): Promise<LmdbTwinStore> => {
    const store = await openLmdbTwinStore({ path: join(directory, domain), domain, journal, clock });
    closers.push(store);
    return store;
  };
  /** Stores as hosts have them, and a replicator with handles of its own. */
  const start = async (): Promise<{ hosts: LmdbTwinStore[]; replicator: Replicator; copies: LmdbTwinStore[] }> => {
    const hosts = await Promise.all(DOMAINS.map(domain => open(domain, true)));
    const copies = await Promise.all(DOMAINS.map(domain => open(domain, false)));
    return { hosts, copies, replicator: replicatorOf(copies) };
  };
  const replicatorOf = (stores: LmdbTwinStore[]): Replicator =>
    new Replicator({ stores, lagMs: 50, clock, log: silentLog, metrics: new Metrics(METRICS) });
  /** Steps all links until none has anything due. */
  const pump = async (replicator: Replicator): Promise<void> => {
    for (let busy = true; busy;) {
      busy = false;
      for (const link of replicator.links) busy = (await link.step()) !== undefined || busy;
    }
  };
  const seqs = async (store: LmdbTwinStore, vehicle = 'car-1'): Promise<number[]> =>
    (await collect(store.history(vehicle))).map(found => found.seq);

  it('copies a row to every other domain once the lag has passed', async () => {
    const { hosts, replicator } = await start();
    await pump(replicator);
    await hosts[1]!.append([row('car-1', 1)]);
    await pump(replicator);
    assert.deepEqual(await seqs(hosts[0]!), []);
    await clock.advance(49);
    await pump(replicator);
    assert.deepEqual(await seqs(hosts[0]!), []);
    assert.equal(replicator.links.find(link => link.from === 'edge-1' && link.to === 'core')?.behindMs, 49);
    await clock.advance(1);
    await pump(replicator);
    for (const host of hosts) assert.deepEqual(await collect(host.history('car-1')), [row('car-1', 1)]);
    assert.ok(replicator.links.every(link => link.behindMs === 0));
  });

  it('does not copy back what it has copied', async () => {
    const { hosts, copies, replicator } = await start();
    await hosts[1]!.append([row('car-1', 1)]);
    await clock.advance(50);
    await pump(replicator);
    assert.deepEqual(
      copies.map(store => store.journal.size()),
      [0, 1, 0],
    );
  });

  it('joins live cells, whichever domain has the newer one', async () => {
    const { hosts, replicator } = await start();
    await hosts[1]!.putLive('car-1', [cell('spd', 1, 5), cell('rpm', 1, 1)]);
    await hosts[2]!.putLive('car-1', [cell('spd', 1, 4), cell('rpm', 2, 1)]);
    await clock.advance(50);
    await pump(replicator);
    for (const host of hosts) assert.deepEqual(await host.live('car-1'), [cell('rpm', 2, 1), cell('spd', 1, 5)]);
  });

  it('copies nothing over a link that is cut, and everything once it is healed', async () => {
    const { hosts, replicator } = await start();
    await pump(replicator);
    replicator.change({ from: 'edge-1', to: 'core' }, { cut: true });
    for (let seq = 1; seq <= 2_000; seq += 4) await hosts[1]!.append([0, 1, 2, 3].map(i => row('car-1', seq + i)));
    await hosts[2]!.append([row('car-2', 1)]);
    await clock.advance(50);
    await pump(replicator);
    assert.deepEqual(await seqs(hosts[0]!), []);
    assert.deepEqual(await seqs(hosts[0]!, 'car-2'), [1]);
    assert.equal((await seqs(hosts[2]!)).length, 2_000);
    replicator.change('all', { cut: false });
    await pump(replicator);
    assert.equal((await seqs(hosts[0]!)).length, 2_000);
  });

  it('delivers the rows of one writer in their order, step by step', async () => {
    const { hosts, replicator } = await start();
    await pump(replicator);
    const link = replicator.links.find(one => one.from === 'edge-1' && one.to === 'core')!;
    for (let seq = 1; seq <= 600; seq++) await hosts[1]!.append([row('car-1', seq)]);
    await clock.advance(50);
    let steps = 0;
    for (; (await link.step()) !== undefined; steps++) {
      const found = await seqs(hosts[0]!);
      assert.deepEqual(
        found,
        Array.from({ length: found.length }, (_, i) => i + 1),
      );
    }
    assert.ok(steps > 1);
    assert.equal((await seqs(hosts[0]!)).length, 600);
  });

  it('drops journal rows once every target has them, and not before', async () => {
    const { hosts, copies, replicator } = await start();
    await pump(replicator);
    replicator.change({ from: 'edge-1', to: 'edge-2' }, { cut: true });
    await hosts[1]!.append([row('car-1', 1)]);
    await clock.advance(50);
    await pump(replicator);
    await replicator.trim(copies[1]!);
    assert.equal(copies[1]!.journal.size(), 1);
    replicator.change('all', { cut: false });
    await pump(replicator);
    await replicator.trim(copies[1]!);
    assert.equal(copies[1]!.journal.size(), 0);
    await hosts[1]!.append([row('car-1', 2)]);
    await clock.advance(50);
    await pump(replicator);
    assert.deepEqual(await seqs(hosts[2]!), [1, 2]);
  });

  it('goes on where the one before it stopped', async () => {
    const { hosts, copies, replicator } = await start();
    await hosts[1]!.append([row('car-1', 1)]);
    await clock.advance(50);
    await pump(replicator);
    await replicator.trim(copies[1]!);
    await hosts[1]!.append([row('car-1', 2)]);
    await clock.advance(50);
    const next = replicatorOf(copies);
    const link = next.links.find(one => one.from === 'edge-1' && one.to === 'core')!;
    assert.equal(await link.step(), 1);
    assert.deepEqual(await seqs(hosts[0]!), [1, 2]);
  });

  it('gives a domain that joins late all that was dropped from the journal', async () => {
    const { hosts, copies, replicator } = await start();
    await hosts[1]!.append(Array.from({ length: 5_000 }, (_, i) => row('car-1', i + 1)));
    await hosts[1]!.putLive('car-1', [cell('spd', 1, 5_000)]);
    await clock.advance(50);
    await pump(replicator);
    await replicator.trim(copies[1]!);
    const late = await open('edge-3', false);
    await pump(replicatorOf([...copies, late]));
    assert.equal((await seqs(late)).length, 5_000);
    assert.deepEqual(await late.live('car-1'), [cell('spd', 1, 5_000)]);
  });

  it('copies device rows from the control store to all domains', async () => {
    const { hosts, copies } = await start();
    const control = await openLmdbControlStore({ path: join(directory, 'control') });
    closers.push(control);
    const metrics = new Metrics(METRICS);
    const replicator = new Replicator({ stores: copies, control, lagMs: 50, clock, log: silentLog, metrics });
    for (let number = 1; number <= 700; number++) await control.insertDevice(device(`car-${number}`, number));
    await pump(replicator);
    assert.equal(await hosts[2]!.device('car-1'), undefined);
    for (let round = 0; round < 2; round++) {
      await clock.advance(50);
      await pump(replicator);
    }
    for (const host of hosts) assert.deepEqual(await host.deviceByNumber(700), device('car-700', 700));
  });

  it('refuses a link that does not exist', async () => {
    const { replicator } = await start();
    assert.throws(() => replicator.change({ from: 'edge-1', to: 'moon' }, { cut: true }), { code: 'NOT_FOUND' });
  });
});
