import assert from 'node:assert/strict';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { fault } from '../../../protocol/errors.js';
import { Pool } from '../../../md-manager/pool/pool.js';
import { poolsText } from '../../../md-manager/tool/views.js';
import { Drains } from '../../../md-manager/upkeep/drains.js';
import { METRICS } from '../../../protocol/metrics.js';
import { eventually } from '../../fakes/eventually.js';
import { fakeClock, type FakeClock } from '../../fakes/fake-clock.js';
import { FakeMano } from '../../fakes/fake-vmd-host.js';
import { Gate } from '../../fakes/gate.js';

const PROBE_MS = 1_000;
const ILL = 'edge-1/1';
/** It misses two of three probes: never three in a row. */
const ill = (probe: number): boolean => probe % 3 > 0;

describe('a host that comes and goes', function () {
  this.timeout(60_000);
  let clock: FakeClock;
  let mano: FakeMano;
  let pool: Pool;
  let metrics: Metrics<keyof typeof METRICS>;
  let told: string[];
  let drains: Drains;
  let notes: string[];
  let left: string[];
  /** The store does not take what is to be noted. */
  let away: boolean;

  beforeEach(async () => {
    clock = fakeClock();
    metrics = new Metrics(METRICS);
    told = [];
    // Nobody is where they say hello: they are adopted.
    mano = new FakeMano('http://127.0.0.1:9', 2, new Gate());
    const view = mano.view();
    for (let n = 0; n < 2; n++) await view.start('edge-1');
    pool = new Pool(
      {
        ...{ policy: { kind: 'fixed' }, sizes: new Map([['edge-1', 1]]), slotsPerHost: 2, maxHosts: () => 2 },
        ...{ hostHourCost: 1, startMs: 600_000, surplusMs: 600_000 },
      },
      {
        ...{ mano: view, log: silentLog, metrics, clock, timers: clock, onReady() {}, onLost() {}, onOrderFailed() {} },
        link: {
          ...{ clock, timers: clock, term: 1, via: undefined, acting: () => [], onEvent() {}, onLeaseRefused() {} },
          timing: { probeMs: PROBE_MS, leaseMs: 6_000, renewMs: 60_000, stalledMs: 2_000 },
          // This process is never too late to judge.
          loop: { lateSince: () => 0, close: () => undefined } as never,
        },
        onFlapping: (host, how) => {
          told.push(`${host} ${how}`);
          drains.flaps(host, how);
        },
      },
    );
    notes = [];
    left = [];
    away = false;
    drains = new Drains([], {
      store: {
        putNote: async ({ id }) => {
          if (away) throw fault('STORE_AWAY', 'note');
          await Promise.resolve();
          notes.push(id);
        },
        deleteNote: async (_, id) => {
          await Promise.resolve();
          notes.splice(notes.indexOf(id), 1);
        },
      },
      ...{ mano: view, pool, clock, timers: clock, log: silentLog, term: 1, newId: () => 'h' },
      runner: { namedBy: () => [], state: () => undefined, order: () => 'started' },
      standby: { leave: host => void left.push(host) },
    });
    await pool.adopt();
    pool.start();
  });
  afterEach(async () => {
    drains.close();
    await pool[Symbol.asyncDispose]();
    await mano[Symbol.asyncDispose]();
  });

  const stateOf = (host: string): string | undefined =>
    pool.view()[0]?.hosts.find(row => row.host.host === host)?.state;
  const reserved = (vehicle: string): string | undefined =>
    pool.reserve({ vehicle, handover: vehicle, domains: ['edge-1'], anywhere: false, avoid: [] })?.host;
  /** Every host is probed, once after the other, until it holds. */
  const probing = async (holds: () => boolean): Promise<void> => {
    while (!holds()) {
      const before = mano.hosts.get(ILL)!.probes;
      await clock.advance(PROBE_MS);
      await eventually('it was probed', () => mano.hosts.get(ILL)!.probes > before);
    }
  };

  const wellAgain = async (): Promise<void> => {
    mano.hosts.get(ILL)!.ill = () => false;
    await clock.advance(31_000);
    assert.equal(stateOf(ILL), 'ready');
  };

  it('is quarantined: shown so, given nothing, still serving who is there, and ready again when it is well', async () => {
    pool.mark(ILL, 'car-1', 'assigned', 'h');
    mano.hosts.get(ILL)!.ill = ill;
    await probing(() => stateOf(ILL) === 'quarantined');
    assert.deepEqual(told, [`${ILL} for-now`]);
    assert.deepEqual([left, notes], [[ILL], []], 'standby slots are given back, and nobody else goes');
    assert.match(poolsText(pool.view()), new RegExp(`${ILL} +quarantined`));
    assert.deepEqual(pool.holders().get(ILL), ['car-1']);
    assert.notEqual(pool.link(ILL), undefined);
    assert.deepEqual(['a', 'b', 'c'].map(reserved), ['edge-1/2', 'edge-1/2', undefined]);
    assert.equal(await metrics.total('pool_hosts_quarantined_total'), 1);
    await wellAgain();
    assert.equal(reserved('c'), ILL);
  });

  /** Its third quarantine has just begun. */
  const thirdTime = async (): Promise<void> => {
    for (const how of ['for-now', 'for-now', 'for-good']) {
      mano.hosts.get(ILL)!.ill = ill;
      await probing(() => told.at(-1) === `${ILL} ${how}` && ['quarantined', 'draining'].includes(stateOf(ILL) ?? ''));
      if (how === 'for-now') {
        await wellAgain();
        told.push('well');
      }
    }
  };

  it('is drained when that happens for the third time: who is there keeps its slot until it has left, then the host is ended', async () => {
    pool.mark(ILL, 'car-1', 'assigned', 'h');
    await thirdTime();
    await eventually('it is drained', () => stateOf(ILL) === 'draining');
    assert.deepEqual(notes, [ILL]);
    mano.hosts.get(ILL)!.ill = () => false;
    await clock.advance(60_000);
    assert.equal(stateOf(ILL), 'draining', 'it is not trusted again, and car-1 is there still');
    assert.deepEqual(pool.holders().get(ILL), ['car-1']);
    pool.free(ILL, 'car-1');
    await eventually('it is ended, and its note is taken back', async () => {
      await clock.advance(1_000);
      return !mano.hosts.has(ILL) && notes.length === 0;
    });
  });

  it('is drained later where that cannot be noted at once', async () => {
    away = true;
    await thirdTime();
    await clock.advance(1_000);
    assert.equal(stateOf(ILL), 'quarantined');
    away = false;
    await eventually('it is drained', async () => {
      await clock.advance(PROBE_MS);
      return notes.includes(ILL);
    });
  });
});
