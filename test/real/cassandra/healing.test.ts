import assert from 'node:assert/strict';
import { delay } from '../../../common/clock.js';
import type { Cluster } from '../../../lab/cassandra/lab-cluster.js';
import { openAdmin, type Admin } from '../../../store/cassandra/admin/admin.js';
import { repairByReading } from '../../../store/cassandra/admin/repair.js';
import { readMigrations, type Migration } from '../../../store/cassandra/schema/migrations.js';
import type { CassandraTwinStore } from '../../../store/cassandra/twin-store.js';
import { eventually, until } from '../../fakes/eventually.js';
import { cell, collect, row } from '../../fakes/store-rows.js';
import { migratedStores } from './migrated-stores.js';
import { onceThere } from './once-there.js';
import { needsCuts, sharedCluster } from './shared-cluster.js';

const AWAY = 'edge-2';
const OTHERS = ['core', 'edge-1'] as const;
/** Instead of Cassandra's three hours: shorter than a cut, and longer than one on the slowest machine. */
const WINDOW_MS = 4_000;
const LONG_WINDOW_MS = 600_000;
/** Over what the nodes' clocks and ours make of a window. */
const BEYOND_MS = 1_000;
/** A cut is noticed after twelve seconds, hints are sent every ten; more where the machine has much else to do. */
const WITHIN_MS = 120_000;
const silent = (): void => undefined;

const WINDOW_SAID = /^Current max hint window: (\d+) ms$/m;

describe('a domain that was cut off', function () {
  this.timeout(300_000);
  let cluster: Cluster;
  let admin: Admin;
  let migrations: Migration[];
  let here: CassandraTwinStore;
  let there: CassandraTwinStore;
  const windowsMs = new Map<string, string>();
  const missedLong = Array.from({ length: 200 }, (_, i) => row(`long-${i % 20}`, i + 1));
  const missedShort = Array.from({ length: 40 }, (_, i) => row(`short-${i % 20}`, i + 1));

  before(needsCuts);
  before(async () => {
    cluster = await sharedCluster();
    migrations = await readMigrations();
    const stores = await migratedStores();
    await stores.empty();
    admin = await openAdmin({ contactPoints: [stores.points.core], datacentre: 'core' }, stores.prefix);
    [here, there] = [await stores.twin('core'), await stores.twin(AWAY)];
    for (const domain of OTHERS) {
      const node = cluster.node(domain);
      windowsMs.set(domain, WINDOW_SAID.exec(await node.nodetool('getmaxhintwindow'))?.[1] ?? '');
    }
    await hintsFor(WINDOW_MS);
  });
  after(async () => {
    await cluster?.rejoin(AWAY);
    for (const [domain, windowMs] of windowsMs) await cluster.node(domain).nodetool('setmaxhintwindow', windowMs);
    await admin?.[Symbol.asyncDispose]();
  });

  const hintsFor = async (windowMs: number): Promise<void> => {
    for (const domain of OTHERS) await cluster.node(domain).nodetool('setmaxhintwindow', String(windowMs));
  };
  /** As a device does: what was not acknowledged in time is sent again. */
  const taken = (what: string, write: () => Promise<void>): Promise<true> =>
    until(() => onceThere(() => write().then(() => true as const)), what);
  const arrived = async (vehicles: string): Promise<number | undefined> => {
    const rows = await onceThere(() => collect(there.scan()));
    return rows?.filter(({ vehicle }) => vehicle.startsWith(vehicles)).length;
  };
  /** Whether the node that is asked keeps hints on its disk. */
  const keepsHints = async (): Promise<boolean> =>
    (await admin.run('SELECT files FROM system_views.pending_hints')).some(({ files }) => Number(files) > 0);

  it('longer than hints are kept, cannot be repaired while it is away', async () => {
    await cluster.cutOff(AWAY);
    try {
      const downAt = async (domain: string): Promise<boolean> => isDown(await cluster.node(domain).nodetool('status'));
      await Promise.all(OTHERS.map(domain => eventually(`${domain} sees it down`, () => downAt(domain), WITHIN_MS)));
      await delay(WINDOW_MS + BEYOND_MS);
      await taken('the rows are taken', () => here.append(missedLong));
      await taken('the cell is taken', () => here.putLive('long-1', [cell('spd', 1, 7)]));
      const repair = repairByReading(admin, { migrations, ranges: 1, atOnce: 1, onProgress: silent });
      await assert.rejects(repair, { code: 'STORE_AWAY' });
    } finally {
      await cluster.rejoin(AWAY);
    }
    await cluster.settled();
  });

  it('for a short time, has by hints alone what it missed', async () => {
    await hintsFor(LONG_WINDOW_MS);
    await cluster.cutOff(AWAY);
    try {
      await taken('the rows are taken', () => here.append(missedShort));
      // From here on nothing of them is under way any more: what was sent has run out of time, and is kept.
      await eventually('hints are kept of them', keepsHints, WITHIN_MS);
    } finally {
      await cluster.rejoin(AWAY);
    }
    await eventually('hints bring them', async () => (await arrived('short')) === missedShort.length, WITHIN_MS);
  });

  it('has by repair what no hints were kept of', async () => {
    // Hints of one node come in their order: had there been any of it, they would have come before.
    assert.equal(await until(() => arrived('long')), 0, 'it has missed them for good');
    const read = await repairByReading(admin, { migrations, ranges: 16, atOnce: 4, onProgress: silent });
    assert.equal(read['twin.report_history'], missedLong.length + missedShort.length);
    assert.equal(await until(() => arrived('long')), missedLong.length);
    assert.deepEqual(await there.live('long-1'), [cell('spd', 1, 7)]);
  });
});

/** `DN` in the line of the domain's one node. */
function isDown(status: string): boolean {
  return new RegExp(`^Datacenter: ${AWAY}$[^]*?^DN `, 'm').test(status);
}
