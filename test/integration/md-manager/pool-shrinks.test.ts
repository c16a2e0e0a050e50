import assert from 'node:assert/strict';
import { systemClock, systemTimers, type Clock, type Timers } from '../../../common/clock.js';
import { Resources } from '../../../common/lifecycle.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { DEFAULT_LINK_TIMING } from '../../../md-manager/pool/host-link.js';
import { LoopWatch } from '../../../md-manager/pool/loop-watch.js';
import { Pool } from '../../../md-manager/pool/pool.js';
import type { Instance } from '../../../md-manager/mano/mano.js';
import { openHttp } from '../../../protocol/api/http-server.js';
import { hostHello } from '../../../protocol/api/md-manager.js';
import { route } from '../../../protocol/api/route.js';
import { fault } from '../../../protocol/errors.js';
import { METRICS } from '../../../protocol/metrics.js';
import { eventually } from '../../fakes/eventually.js';
import { fakeClock } from '../../fakes/fake-clock.js';
import { FakeMano } from '../../fakes/fake-vmd-host.js';
import { Gate } from '../../fakes/gate.js';

const SLOTS = 2;
const system = { ...systemClock, ...systemTimers };

describe('a pool in and after a burst', () => {
  let open: Resources;
  let pool: Pool;
  let mano: FakeMano;
  let gate: Gate;
  let metrics: Metrics<keyof typeof METRICS>;
  let lines: { event: string; host?: unknown }[];
  let told: { host: string; dead: boolean }[];
  let stops: string[];
  let refusals: number;
  let onReady: () => void;
  /** How many orders MANO accepts. */
  let quota: number;

  const start = async (size: number, clock: Clock & Timers = system, surplusMs = 1): Promise<void> => {
    const made: { pool?: Pool } = {};
    const say = (line: { event: string }): void => void lines.push(line);
    const log = { ...silentLog, info: say, warn: say, error: say };
    const http = open.use(
      await openHttp({
        ...{ part: 'md-manager', listen: { address: '127.0.0.1', port: 0 }, log: silentLog, metrics },
        routes: [
          route({
            ...{ method: 'POST', path: '/v1/hosts', summary: 'hello', body: hostHello },
            handle: ({ body }) => made.pool?.hello(body),
          }),
        ],
      }),
    );
    mano = open.use(new FakeMano(http.url, SLOTS, gate));
    const view = mano.view();
    const loop = new LoopWatch(systemClock, systemTimers);
    open.defer(() => loop.close());
    const stop = async (host: string, how: 'gently' | 'now'): Promise<void> => {
      stops.push(`${host} ${how}`);
      await gate.pass('stop');
      await view.stop(host, how);
    };
    const begin = (domain: string): Promise<Instance> =>
      quota-- > 0 ? view.start(domain) : Promise.reject(fault('MANO_FAILED', 'no resources'));
    pool = open.use(
      new Pool(
        {
          policy: { kind: 'fixed' },
          sizes: new Map([['edge-1', size]]),
          slotsPerHost: SLOTS,
          maxHosts: () => 8,
          hostHourCost: 1,
          startMs: 60_000,
          surplusMs,
        },
        {
          ...{ mano: { ...view, stop, start: begin }, log, metrics, clock, timers: clock },
          link: {
            ...{ clock: systemClock, timers: systemTimers, loop, timing: DEFAULT_LINK_TIMING, term: 1 },
            ...{ via: undefined, acting: () => [], onEvent() {}, onLeaseRefused() {} },
          },
          onReady: () => onReady(),
          onLost: (host, dead) => void told.push({ host, dead }),
          onOrderFailed: () => void refusals++,
          onFlapping() {},
        },
      ),
    );
    made.pool = pool;
    await pool.adopt();
    pool.start();
  };

  beforeEach(() => {
    open = new Resources();
    gate = new Gate();
    metrics = new Metrics(METRICS);
    [lines, told, stops, refusals, quota] = [[], [], [], 0, 100];
    onReady = () => undefined;
  });
  afterEach(() => open[Symbol.asyncDispose]());

  const take = async (vehicle: string): Promise<string> => {
    let host: string | undefined;
    await eventually(`${vehicle} has a slot`, () => {
      host = pool.reserve({
        ...{ vehicle, handover: 'h', domains: ['edge-1'], anywhere: false, avoid: [] },
      })?.host;
      return host !== undefined;
    });
    return host!;
  };
  const hosts = (): number => pool.view()[0]!.hosts.length;

  it('starts as many hosts at once as it takes for all who wait', async () => {
    await start(0);
    for (let n = 0; n < 5; n++) pool.order('edge-1');
    assert.equal(pool.view()[0]!.starting, 3);
    await eventually('all of them are ready', () => hosts() === 3);
    for (const vehicle of ['a', 'b', 'c', 'd', 'e']) await take(vehicle);
    assert.equal(hosts(), 3);
  });

  it('starts no more hosts for those who order again because the first ones to be ready are taken', async () => {
    await start(0);
    const waiting = new Set(['a', 'b', 'c', 'd', 'e']);
    onReady = () => {
      for (const vehicle of waiting) {
        const found = pool.reserve({
          ...{ vehicle, handover: 'h', domains: ['edge-1'], anywhere: false, avoid: [] },
        });
        if (found === undefined) pool.order('edge-1');
        else waiting.delete(vehicle);
      }
    };
    for (let n = 0; n < waiting.size; n++) pool.order('edge-1');
    await eventually('all have one', () => waiting.size === 0);
    assert.equal(pool.view()[0]!.starting + hosts(), 3);
  });

  it('refuses those who wait only once no other host is on its way', async () => {
    await start(0);
    quota = 2;
    const held = gate.close('start');
    for (let n = 0; n < 5; n++) pool.order('edge-1');
    await eventually('the third order has failed', async () => (await metrics.total('pool_hosts_failed_total')) === 1);
    assert.equal(refusals, 0);
    held.open();
    for (const vehicle of ['a', 'b', 'c', 'd']) await take(vehicle);
    pool.order('edge-1');
    await eventually('the fifth is told', () => refusals === 1);
  });

  it('ends the hosts that it can do without, in order, and keeps its size and every held slot', async () => {
    await start(1);
    const held = new Map<string, string>();
    for (const vehicle of ['a', 'b', 'c', 'd', 'e']) held.set(vehicle, await take(vehicle));
    await eventually('the burst has made it grow', () => hosts() === 3 && pool.filled());
    for (const vehicle of ['b', 'c', 'd', 'e']) pool.free(held.get(vehicle)!, vehicle);
    await eventually('it has shrunk', () => hosts() === 1);
    await eventually('they are gone', () => mano.hosts.size === 1);
    assert.ok(mano.hosts.has(held.get('a')!), 'the one where somebody holds a slot is there');
    assert.ok(pool.filled());
    assert.deepEqual(new Set(stops.map(stop => stop.split(' ')[1])), new Set(['gently']));
    const events = lines.map(({ event }) => event);
    assert.equal(events.filter(event => event === 'manager.pool.shrunk').length, 2);
    assert.equal(events.includes('manager.host.lost') || events.includes('manager.pool.failing'), false);
    assert.equal(await metrics.total('pool_hosts_ended_total'), 2);
    assert.equal(await metrics.total('pool_hosts_failed_total'), 0, 'a young host that is ended has not failed');
    assert.deepEqual(
      told.filter(({ dead }) => !dead),
      [],
    );
  });

  it('begins anew with a host that was needed for a moment', async () => {
    const clock = fakeClock();
    await start(0, clock, 1_000);
    pool.order('edge-1');
    await eventually('it is ready', () => hosts() === 1);
    pool.free(await take('a'), 'a');
    await clock.advance(600);
    pool.free(await take('b'), 'b');
    await clock.advance(900);
    assert.deepEqual(stops, []);
    await clock.advance(500);
    assert.equal(stops.length, 1);
  });

  it('serves who waits in a domain that has no size', async () => {
    await start(0);
    pool.order('edge-7');
    await eventually('a host runs there', () => [...mano.hosts.keys()].some(host => host.startsWith('edge-7/')));
  });

  it('gives no slot of a host from the moment that it is to be ended, and starts another one instead', async () => {
    await start(0);
    const ending = gate.close('stop');
    pool.order('edge-1');
    const first = await take('a');
    pool.free(first, 'a');
    await ending.reached;
    assert.equal(mano.hosts.has(first), true, 'it still runs');
    assert.deepEqual(new Set(pool.view()[0]!.hosts[0]!.slots.map(({ state }) => state)), new Set(['going']));
    const wish = { vehicle: 'b', handover: 'h', domains: ['edge-1'], anywhere: true, avoid: [] };
    assert.equal(pool.reserve(wish), undefined);
    pool.order('edge-1');
    const second = await take('b');
    assert.notEqual(second, first);
    ending.open();
    await eventually('the first one is gone', () => !mano.hosts.has(first));
    assert.deepEqual([...mano.hosts.keys()], [second]);
  });
});
