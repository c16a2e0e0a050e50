import assert from 'node:assert/strict';
import type { Statement } from '../../../../store/cassandra/consistency.js';
import { openLagMarkers, READ_MARKERS, type LagMarkers } from '../../../../store/cassandra/lag-markers.js';
import type { CassandraSession } from '../../../../store/cassandra/session.js';
import { fakeClock, type FakeClock } from '../../../fakes/fake-clock.js';

/** The marker rows of one domain's replicas: what other domains write comes after `lagMs`. */
class MarkerRows {
  readonly writes: string[] = [];
  reads = 0;
  away = false;
  lagMs = 0;
  readonly #clock: FakeClock;
  readonly #rows: { readonly domain: string; readonly at: bigint; readonly fromMs: number }[] = [];

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  session(domain: string): Pick<CassandraSession, 'run'> {
    return {
      run: (statement: Statement, params: readonly unknown[]) => {
        if (this.away) return Promise.reject(new Error('no node'));
        if (statement === READ_MARKERS) {
          this.reads++;
          return Promise.resolve(this.#read(domain));
        }
        const [of, at, ttl] = params;
        assert.deepEqual([of, ttl], [domain, 86_400]);
        this.writes.push(domain);
        this.#rows.push({ domain, at: at as bigint, fromMs: this.#clock.nowMs() });
        return Promise.resolve([]);
      },
    };
  }

  #read(reader: string): Readonly<Record<string, unknown>>[] {
    const seen = new Map<string, bigint>();
    for (const { domain, at, fromMs } of this.#rows)
      if (domain === reader || fromMs + this.lagMs <= this.#clock.nowMs()) seen.set(domain, at);
    return [...seen].map(([domain, written_at]) => ({ domain, written_at }));
  }
}

describe('markers of replication', () => {
  let clock: FakeClock;
  let rows: MarkerRows;
  let open: LagMarkers[];
  let failures: number;
  beforeEach(() => {
    clock = fakeClock();
    rows = new MarkerRows(clock);
    open = [];
    failures = 0;
  });
  afterEach(async () => {
    for (const markers of open) await markers[Symbol.asyncDispose]();
    assert.equal(clock.pending, 0);
  });
  const host = (domain: string, random: number): LagMarkers => {
    const markers = openLagMarkers({
      session: rows.session(domain),
      domain,
      clock,
      timers: clock,
      random: () => random,
      onFailed: () => failures++,
    });
    open.push(markers);
    return markers;
  };

  it('are written about once a second by each domain, however many hosts it has', async () => {
    for (const random of [0.1, 0.3, 0.5, 0.7, 0.9]) host('edge-1', random);
    host('core', 0.5);
    await clock.advance(20_000);
    const count = (domain: string): number => rows.writes.filter(one => one === domain).length;
    // All hosts began at once and knew nothing of one another.
    assert.ok(count('edge-1') >= 18 && count('edge-1') <= 20 + 5, `${count('edge-1')}`);
    assert.ok(count('core') >= 18 && count('core') <= 21, `${count('core')}`);
    assert.ok(rows.reads < 6 * 20 * 5, `${rows.reads} reads`);
  });

  it('are written on by another host when the one that wrote is gone', async () => {
    const first = host('edge-1', 0.1);
    host('edge-1', 0.9);
    await clock.advance(3_000);
    await first[Symbol.asyncDispose]();
    rows.writes.length = 0;
    await clock.advance(10_000);
    assert.ok(rows.writes.length >= 8 && rows.writes.length <= 11, `${rows.writes.length}`);
  });

  it('tell how late this domain is', async () => {
    const here = host('edge-1', 0.2);
    host('core', 0.6);
    rows.lagMs = 40;
    await clock.advance(5_000);
    const [lag] = here.lags();
    assert.equal(lag?.from, 'core');
    assert.ok(lag.lagMs >= 40 && lag.lagMs <= 80, `${lag.lagMs}`);
  });

  it('tell how far behind it is while it is cut off, and that it is not any more', async () => {
    const here = host('edge-1', 0.2);
    host('core', 0.6);
    await clock.advance(3_000);
    rows.lagMs = Infinity;
    await clock.advance(60_000);
    const cut = here.lags()[0]?.lagMs ?? 0;
    assert.ok(cut > 57_000 && cut <= 60_000, `${cut}`);
    rows.lagMs = 0;
    await clock.advance(3_000);
    assert.ok((here.lags()[0]?.lagMs ?? Infinity) < 10);
  });

  it('go on once the store is back', async () => {
    const here = host('edge-1', 0.2);
    host('core', 0.6);
    await clock.advance(3_000);
    rows.away = true;
    await clock.advance(30_000);
    assert.ok(failures >= 50 && failures <= 70, `${failures}`);
    assert.ok((here.lags()[0]?.lagMs ?? 0) > 25_000);
    rows.away = false;
    await clock.advance(5_000);
    assert.ok((here.lags()[0]?.lagMs ?? Infinity) < 10);
  });
});
