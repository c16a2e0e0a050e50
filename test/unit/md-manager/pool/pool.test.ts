import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import type { Instance, Mano } from '../../../../md-manager/mano/mano.js';
import { DEFAULT_LINK_TIMING } from '../../../../md-manager/pool/host-link.js';
import { LoopWatch } from '../../../../md-manager/pool/loop-watch.js';
import { Pool } from '../../../../md-manager/pool/pool.js';
import { fault } from '../../../../protocol/errors.js';
import { METRICS } from '../../../../protocol/metrics.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { hostRef } from '../../../fakes/host-refs.js';

/** A MANO that counts orders; what becomes of one is the test's. */
class ScriptedMano implements Mano {
  orders = 0;
  failedOrders = 0;
  readonly #instances = new Map<string, Instance>();
  #onGone: (host: string) => void = () => undefined;
  start: (domain: string) => Promise<Instance>;

  constructor(what: 'refuses' | 'starts what dies at once' | 'starts what never says hello') {
    this.start = domain => {
      const host = `${domain}/${++this.orders}`;
      if (what === 'refuses') return Promise.reject(fault('MANO_FAILED', 'no resources'));
      const instance = { ...hostRef(host), pid: this.orders, startTicks: 1 };
      this.#instances.set(host, instance);
      if (what === 'starts what dies at once') setImmediate(() => void this.stop(host));
      return Promise.resolve(instance);
    };
  }

  list = (): Instance[] => [...this.#instances.values()];
  adopt = (): Promise<Instance[]> => Promise.resolve([]);
  reconcile = (): Promise<[]> => Promise.resolve([]);
  placeOf = (host: string) => hostRef(host);
  stop = (host: string): Promise<void> => {
    if (this.#instances.delete(host)) this.#onGone(host);
    return Promise.resolve();
  };
  onGone = (listener: (host: string) => void) => {
    this.#onGone = listener;
    return () => undefined;
  };
  [Symbol.asyncDispose] = (): Promise<void> => Promise.resolve();
}

describe('a pool whose hosts fail', () => {
  for (const what of ['refuses', 'starts what dies at once', 'starts what never says hello'] as const) {
    it(`orders ever more slowly where MANO ${what}, and ends and counts every one`, async () => {
      const clock = fakeClock();
      const mano = new ScriptedMano(what);
      const metrics = new Metrics(METRICS);
      const failures: number[] = [];
      const log = {
        ...silentLog,
        error: (line: { event: string; failures?: unknown }) =>
          line.event === 'manager.pool.failing' ? void failures.push(Number(line.failures)) : undefined,
      };
      await using pool = new Pool(
        {
          policy: { kind: 'fixed' },
          sizes: new Map([['edge-1', 2]]),
          slotsPerHost: 4,
          maxHosts: () => 32,
          hostHourCost: 1,
          startMs: 1_000,
          surplusMs: 1_000,
        },
        {
          ...{
            mano,
            log,
            metrics,
            clock,
            timers: clock,
            onReady() {},
            onLost() {},
            onOrderFailed() {},
            onFlapping() {},
          },
          link: {
            ...{ clock, timers: clock, loop: new LoopWatch(clock, clock), timing: DEFAULT_LINK_TIMING, term: 1 },
            ...{ via: undefined, acting: () => [], onEvent() {}, onLeaseRefused() {} },
          },
        },
      );
      await pool.adopt();
      pool.start();
      await clock.advance(60_000);
      const inFirstMinute = mano.orders;
      // 250 ms doubling to 30 s: eight rounds of two hosts at most.
      assert.ok(inFirstMinute >= 6 && inFirstMinute <= 20, `${inFirstMinute} orders in a minute`);
      await clock.advance(600_000);
      assert.ok(mano.orders - inFirstMinute <= 42, `${mano.orders - inFirstMinute} orders in ten minutes`);
      assert.ok(mano.list().length <= 2, 'none is left behind');
      const counted = await metrics.total('pool_hosts_failed_total');
      assert.ok(counted >= mano.orders - 2 && counted <= mano.orders, `${counted} of ${mano.orders} counted`);
      assert.deepEqual(failures.slice(0, 3), [1, 2, 3]);
    });
  }
});
