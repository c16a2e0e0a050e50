import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../common/clock.js';
import type { FakeClock } from '../../fakes/fake-clock.js';
import { silentLog } from '../../../common/log.js';
import type { NbiProfile } from '../../../lab/nbi/profile.js';
import { openNbi, type Nbi, type NbiOptions } from '../../../lab/nbi/server.js';
import { Login } from '../../../md-manager/mano/osm/login.js';
import { Northbound } from '../../../md-manager/mano/osm/northbound.js';
import { onboard, vimIdOf } from '../../../md-manager/mano/osm/onboard.js';
import { OsmMano } from '../../../md-manager/mano/osm/osm-mano.js';
import { vxfOf } from '../../../md-manager/mano/osm/packages/vxf.js';
import { Settling } from '../../../md-manager/mano/osm/settle.js';
import { NbiTransport } from '../../../md-manager/mano/osm/transport.js';
import { openLmdbControlStore, type LmdbControlStore } from '../../../store/lmdb/control-store.js';
import type { ManoUnderTest } from './mano-contract.js';

/** The adapter between a stand-in of the northbound interface and a control store. */
export interface Osm extends ManoUnderTest {
  readonly settling: Settling;
  readonly nbi: Nbi;
  readonly northbound: Northbound;
  readonly nsdId: string;
  readonly store: LmdbControlStore;
  /** Both sides: what the orchestrator has, what runs there, and what we know. */
  counts(): Promise<{ services: number; machines: number; rows: number }>;
}

export const VIMS = ['core', 'edge-1', 'edge-2'];
export const clean = { services: 0, machines: 0, rows: 0 };

export interface OsmOptions {
  readonly ending?: NbiOptions['endingOf'];
  /** All time is this one's. */
  readonly clock?: FakeClock;
  /** Pause before an operation is looked at again. */
  readonly lookMs?: number;
}

export async function osm(
  release: NbiProfile['name'],
  { ending = () => DONE, clock: fake, lookMs = 5 }: OsmOptions = {},
): Promise<Osm> {
  const folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
  const store = await openLmdbControlStore({ path: join(folder, 'control') });
  const clock = fake ?? systemClock;
  const timers = fake ?? systemTimers;
  const nbi = await openNbi({ release, endingOf: ending, clock, timers });
  const transport = await NbiTransport.open({ url: nbi.url, tls: { kind: 'system' } });
  const northbound = new Northbound(
    new Login(transport, { user: 'admin', password: 'admin', project: 'admin' }, clock),
  );
  for (const name of VIMS)
    await northbound.addVim({
      name,
      vim_type: 'openstack',
      vim_url: 'http://10.0.0.1:5000/v3',
      vim_tenant_name: 't',
      vim_user: 'u',
      vim_password: 'p',
    });
  nbi.enableVims();
  const vmd = vxfOf('vmd');
  assert.ok(vmd);
  const { nsdId } = await onboard(northbound, vmd);
  const opened: OsmMano[] = [];
  const settling = new Settling({
    read: (id, signal) => northbound.operation(id, signal),
    ...{ clock, timers, firstMs: lookMs, mostMs: 4 * lookMs },
  });
  return {
    ...{ nbi, northbound, nsdId, store, settling },
    open: () => {
      const mano = new OsmMano({
        ...{
          northbound,
          settling,
          store,
          clock,
          timers,
          log: silentLog,
          deployment: 'et',
          watchMs: fake === undefined ? 20 : 15_000,
          retryMs: 10,
        },
        operationMs: fake === undefined ? 5_000 : 3_600_000,
        orderOf: async ({ host, domain, address, enrolment }) => ({
          nsdId,
          vimId: await vimIdOf(northbound, domain),
          params: { ...WORDS, host, domain, address, enrolment_token: enrolment },
          network: 'twins',
          address,
        }),
        addressesFrom: () => '10.96.0.0',
        newEnrolment: () => 'token',
      });
      opened.push(mano);
      return Promise.resolve(mano);
    },
    end: async host => {
      const row = (await store.instances()).find(found => found.host === host);
      assert.ok(row?.service);
      // Somebody ends it at the orchestrator.
      nbi.world.remove('nsrs', row.service);
      nbi.lcm.machines.delete(row.service);
    },
    counts: async () => ({
      services: nbi.world.all('nsrs').length,
      machines: nbi.lcm.machines.size,
      rows: (await store.instances()).length,
    }),
    [Symbol.asyncDispose]: async () => {
      for (const mano of opened) await mano[Symbol.asyncDispose]();
      await nbi[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Of every host the same. */
export const WORDS = {
  ...{ manager_url: 'm', sdn_url: 's', slots: '1', alias_prefix: 'a', lease_ms: '1', db_contact_points: 'd' },
  ...{ reports_per_s: '200', bytes_per_s: '65536', observers: '64' },
};
export const DONE = { ms: 5, state: 'COMPLETED' } as const;
