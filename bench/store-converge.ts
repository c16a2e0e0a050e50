import { delay } from '../common/clock.js';
import { emptyTally, tallyRange } from '../store/audit/range-tally.js';
import { cassandraSource, type DomainHistory } from '../store/cassandra/audit-source.js';
import { countRow, cpuMeter, type BenchRow } from './harness.js';
import { DOMAINS, type StoreSite } from './store-site.js';

/** The domain that is cut off. */
const CUT = 'edge-2';
/** Each domain stores so many reports a second, of ten cars. */
const RATE = 20;
const CARS = 10;
const PAYLOAD = Buffer.alloc(120, 7);
const GIVE_UP_MS = 600_000;
const RANGES = 16;

/**
 * How long it takes after a cut until every domain has every report, by hints: while one domain is cut from both others, all
 * three go on storing; then each is asked for all its rows again and again.
 */
export async function storeConverge(
  name: string,
  site: StoreSite,
  cutSeconds: number,
  signal: AbortSignal,
): Promise<BenchRow[]> {
  const { cluster } = site;
  await site.empty();
  const domains = new Map<string, DomainHistory>();
  const stores = await Promise.all(DOMAINS.map(domain => site.twin(domain)));
  for (const store of stores) domains.set(store.domain, { session: store.session, store });
  const source = cassandraSource('bench', domains);
  const cpu = cpuMeter();
  let stored = 0;
  let failed = 0;
  const storeFor = async (seconds: number, fromSeq: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      const dueMs = performance.now() + 1_000;
      const timeMs = Date.now();
      await Promise.all(
        stores.map(async store => {
          const rows = Array.from({ length: RATE }, (_, at) => ({
            ...{
              vehicle: `${store.domain}-${at % CARS}`,
              boot: 1,
              seq: fromSeq + second * RATE + at,
              timeMs: timeMs + at,
            },
            ...{ bytes: PAYLOAD, schema: 1, receivedAtMs: timeMs },
          }));
          try {
            await store.append(rows);
            stored += rows.length;
          } catch {
            failed += rows.length;
          }
        }),
      );
      await delay(Math.max(0, dueMs - performance.now()), signal);
    }
  };
  await storeFor(5, 1);
  await cluster.cutOff(CUT);
  process.stderr.write(`store: ${CUT} is cut off for ${cutSeconds} s\n`);
  try {
    await storeFor(cutSeconds, 1_000);
  } finally {
    await cluster.rejoin(CUT);
  }
  const healedMs = performance.now();
  const behind = await missingRows(source);
  const left = await convergedAfter(source, healedMs, signal);
  const cpuIdle = cpu.idle();
  const one = `${name}, ${CUT} cut off for ${cutSeconds} s`;
  return [
    countRow(one, 'reports acknowledged', stored, cpuIdle),
    countRow(one, 'reports refused', failed, cpuIdle),
    countRow(one, 'copies missing when healed', behind, cpuIdle),
    {
      ...{ case: one, metric: 'healed → every report in every domain', unit: 's', n: 1 },
      ...{ median: left, p95: left, p99: left, max: left, cpuIdle },
    },
  ];
}

async function convergedAfter(
  source: ReturnType<typeof cassandraSource>,
  healedMs: number,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    const askedMs = performance.now();
    const missing = await missingRows(source);
    // All that this look has seen was there when it was over; most of it when it began.
    if (missing === 0) return (performance.now() - healedMs) / 1_000;
    if (askedMs - healedMs > GIVE_UP_MS) throw new Error(`${missing} copies are still missing`);
    await delay(500, signal);
  }
}

/** Rows that some domain has and another has not, once for each that has not. A domain that cannot be asked has none. */
async function missingRows(source: ReturnType<typeof cassandraSource>): Promise<number> {
  const sum = emptyTally(source.domains.length);
  for (const range of await source.split(RANGES)) {
    const { rows, held } = await tallyRange(source, range, new AbortController().signal);
    sum.rows += rows;
    for (const [at, count] of held.entries()) sum.held[at] = (sum.held[at] ?? 0) + count;
  }
  return sum.held.reduce((missing, held) => missing + sum.rows - held, 0);
}
