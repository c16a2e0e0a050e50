import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { Leadership } from '../../../../md-manager/leader/leadership.js';
import { fencedMano, fencedStore } from '../../../../md-manager/leader/fence.js';
import type { Tenure } from '../../../../md-manager/leader/tenure.js';
import type { Mano } from '../../../../md-manager/mano/mano.js';
import { METRICS } from '../../../../protocol/metrics.js';
import type { CasOutcome, ControlStore, ServiceLeaseRow } from '../../../../store/types.js';
import { fakeClock, type FakeClock } from '../../../fakes/fake-clock.js';

const TTL_MS = 1_000;

/** The one row, and what becomes of calls to it. */
class Row {
  held: ServiceLeaseRow | undefined;
  away = false;
  /** Its holder does not let go of the store. */
  keepsOthersOut = false;
  readonly #waiting: (() => void)[] = [];

  /** The holder is ended, and whoever waits for the store has it. */
  end(): void {
    this.keepsOthersOut = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  serviceLease(): Promise<ServiceLeaseRow | undefined> {
    return this.away ? Promise.reject(new Error('away')) : Promise.resolve(this.held);
  }

  async putServiceLease(row: ServiceLeaseRow): Promise<CasOutcome> {
    if (this.away) throw new Error('away');
    if (this.keepsOthersOut) await new Promise<void>(resolve => this.#waiting.push(resolve));
    const { held } = this;
    const mine = held?.term === row.term && held.holder === row.holder;
    if (held !== undefined && held.term >= row.term && !mine) return 'refused';
    this.held = row;
    return 'applied';
  }
}

describe('several md-managers', () => {
  let row: Row;
  let clock: FakeClock;
  let gone: Set<string>;
  let isRunning: boolean;
  const stop = new AbortController();
  beforeEach(() => {
    row = new Row();
    clock = fakeClock();
    gone = new Set();
    isRunning = false;
  });

  const manager = (holder: string, alone = false): Leadership =>
    new Leadership(
      { holder, url: `http://${holder}:7001`, ttlMs: TTL_MS, alone },
      {
        store: row,
        isGone: held => Promise.resolve(gone.has(held)),
        endIfStopped: held => {
          if (!row.keepsOthersOut || held !== row.held?.holder || isRunning) return Promise.resolve(false);
          row.end();
          return Promise.resolve(true);
        },
        ...{ clock, timers: clock, log: silentLog, metrics: new Metrics(METRICS) },
      },
    );
  const leads = async (one: Leadership): Promise<Tenure> => {
    let found: Tenure | undefined;
    void one.next(() => undefined, stop.signal).then(tenure => (found = tenure));
    for (let turns = 0; found === undefined; turns++) {
      assert.ok(turns < 100, 'it never leads');
      await clock.advance(TTL_MS / 10);
    }
    return found;
  };

  it('have one leader, whose lease the others see renewed', async () => {
    const first = await leads(manager('a'));
    let second: Tenure | undefined;
    const told: string[] = [];
    void manager('b')
      .next(({ url, term }) => void told.push(`${url} ${term}`), stop.signal)
      .then(tenure => (second = tenure));
    await clock.advance(10 * TTL_MS);
    assert.deepEqual([first.term, first.holds(), second], [1, true, undefined]);
    assert.deepEqual(told, ['http://a:7001 1']);
    first.end();
  });

  it('have the next leader at once where the first one gave its lease back, or its process is gone', async () => {
    const first = await leads(manager('a'));
    await first.giveBack();
    const at = clock.monotonicMs();
    const second = await leads(manager('b'));
    assert.equal(clock.monotonicMs() - at, TTL_MS / 10);
    gone.add('b');
    const third = await leads(manager('c'));
    assert.deepEqual([second.term, third.term], [2, 3]);
    await clock.advance(TTL_MS);
    assert.deepEqual([second.signal.aborted, second.holds(), third.holds()], [true, false, true]);
    third.end();
  });

  it('stop acting before another one may lead, where the store does not answer them', async () => {
    const first = await leads(manager('a'));
    await clock.advance(300);
    row.away = true;
    await clock.advance(TTL_MS * 0.85);
    assert.equal(first.holds(), false);
    assert.throws(first.check, { code: 'MANAGER_NOT_LEADER' });
    assert.equal(first.signal.aborted, false);
    row.away = false;
    await clock.advance(TTL_MS / 10);
    assert.equal(first.holds(), true, 'nobody else led meanwhile: it goes on');
    first.end();
  });

  it('end one that was stopped while it wrote, and keeps the others from the store, and nobody who goes on', async () => {
    const first = await leads(manager('a'));
    row.keepsOthersOut = true;
    isRunning = true;
    let second: Tenure | undefined;
    void manager('b')
      .next(() => undefined, stop.signal)
      .then(tenure => (second = tenure));
    await clock.advance(3 * TTL_MS);
    assert.equal(second, undefined);
    isRunning = false;
    await clock.advance(TTL_MS);
    assert.equal((second as Tenure | undefined)?.term, 2);
    first.end();
  });

  it('go on without the store where there is no other', async () => {
    const first = await leads(manager('a', true));
    await clock.advance(300);
    row.away = true;
    await clock.advance(10 * TTL_MS);
    assert.equal(first.holds(), true);
    first.end();
  });

  it('that were stopped, and find another one leading, lead no more', async () => {
    const first = await leads(manager('a', true));
    row.held = { ...row.held!, holder: 'b', term: 2 };
    await clock.advance(TTL_MS / 4);
    assert.deepEqual([first.signal.aborted, first.holds()], [true, false]);
    await assert.rejects(first.held(), { code: 'MANAGER_NOT_LEADER' });
  });

  it('write nothing and start nothing without the lease, and end what is to end once they have it again', async () => {
    const first = await leads(manager('a'));
    const done: string[] = [];
    const does = (what: string) => (): Promise<void> => Promise.resolve(void done.push(what));
    const store = fencedStore({ claim: does('claim'), owners: does('owners') } as unknown as ControlStore, first);
    const mano = fencedMano({ start: does('start'), stop: does('stop'), list: () => [] } as unknown as Mano, first);
    row.away = true;
    await clock.advance(TTL_MS);
    await assert.rejects(store.claim({} as never), { code: 'MANAGER_NOT_LEADER' });
    await assert.rejects(mano.start('edge-1'), { code: 'MANAGER_NOT_LEADER' });
    const stopped = mano.stop('edge-1/1', 'now');
    await store.owners();
    assert.deepEqual([done, mano.list()], [['owners'], []]);
    row.away = false;
    await clock.advance(TTL_MS / 10);
    await stopped;
    await store.claim({} as never);
    assert.deepEqual(done, ['owners', 'stop', 'claim']);
    first.end();
  });
});
