import assert from 'node:assert/strict';
import { systemClock, systemTimers } from '../../common/clock.js';
import { silentLog } from '../../common/log.js';
import { clusterMissing, openCluster } from '../../lab/cassandra/cluster.js';
import { openAdmin } from '../../store/cassandra/admin/admin.js';
import { migrate } from '../../store/cassandra/admin/migrate.js';
import { readMigrations } from '../../store/cassandra/schema/migrations.js';
import { openSession, type CassandraSession } from '../../store/cassandra/session.js';
import { CassandraTwinStore } from '../../store/cassandra/twin-store.js';
import { eventually } from '../fakes/eventually.js';
import { heapAfterCollection } from '../fakes/heap.js';
import { row } from '../fakes/store-rows.js';
import { RETENTION } from '../real/cassandra/twin-keyspace.js';

const DOMAIN = 'edge-1';
const WRITERS = 500;
/** Of each state of the node, minutes; the heap is looked at after the first of them and at the end. */
const MINUTES = 5;
const GROWTH_BYTES = 8 * 1024 * 1024;

describe('a store under load whose node is away for minutes', () => {
  before(function () {
    const missing = clusterMissing();
    if (missing === undefined) return;
    process.stderr.write(`skipped: ${missing}\n`);
    this.skip();
  });

  it('keeps its queues and its heap as they are: not there yet, hanging, and dead', async () => {
    await using cluster = await openCluster({ datacentres: [DOMAIN] });
    const node = cluster.node(DOMAIN);
    const contactPoints = [node.contactPoint];
    {
      await using admin = await openAdmin({ contactPoints }, 'fleet');
      await migrate(admin, {
        migrations: await readMigrations(),
        retention: RETENTION,
        auth: false,
        onStep: () => undefined,
      });
    }
    const open = (): Promise<CassandraSession> =>
      openSession(
        { contactPoints, datacentre: DOMAIN, keyspace: 'fleet' },
        { clock: systemClock, timers: systemTimers, random: Math.random, log: silentLog },
      );
    await node.kill();
    await using session = await open();
    const store = new CassandraTwinStore({ domain: DOMAIN, session, clock: systemClock, ack: 'local' });

    const end = new AbortController();
    let appended = 0;
    let refused = 0;
    // Each as a device: what is refused comes again.
    const writers = Array.from({ length: WRITERS }, async (_, index) => {
      for (let seq = 1; !end.signal.aborted;) {
        try {
          await store.append([row(`car-${index}`, seq)]);
          seq++;
          appended++;
        } catch {
          refused++;
        }
        await new Promise(resolve => setTimeout(resolve, 250));
      }
    });
    const watched = async (what: string): Promise<void> => {
      const before = refused;
      const heaps: number[] = [];
      for (let minute = 1; minute <= MINUTES; minute++) {
        await new Promise(resolve => setTimeout(resolve, 60_000));
        const { running, waiting } = session.load;
        assert.ok(running + waiting <= 2 * WRITERS, `${what}: ${running} run, ${waiting} wait`);
        heaps.push(heapAfterCollection());
      }
      const [first = 0] = heaps;
      const growth = (heaps.at(-1) ?? 0) - first;
      const told = {
        refused: refused - before,
        state: session.state.at,
        heapsMb: heaps.map(heap => Math.round(heap / 1e5) / 10),
      };
      process.stdout.write(`      ${what}: ${JSON.stringify(told)}\n`);
      assert.ok(refused > before && session.state.at !== 'ready', what);
      assert.ok(growth < GROWTH_BYTES, `${what}: the heap grew by ${growth} bytes`);
    };
    try {
      await watched('not there yet');
      await node.restart();
      await eventually('reports are stored', () => appended > WRITERS);
      node.pause();
      await watched('hanging');
      await node.kill();
      await watched('dead');
      const before = appended;
      await node.restart();
      await eventually('reports are stored again', () => appended > before + WRITERS);
      assert.equal(session.state.at, 'ready');
    } finally {
      end.abort();
      await Promise.all(writers);
    }
  });
});
