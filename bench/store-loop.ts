import cassandra from 'cassandra-driver';
import { systemClock, systemTimers } from '../common/clock.js';
import { silentLog } from '../common/log.js';
import { quantilesOf, type Quantiles } from '../common/quantiles.js';
import { encodeReport } from '../protocol/report.js';
import { openTwinStore, type TwinStoreSettings } from '../store/open.js';
import { encodeHistoryValue } from '../store/rows/history-row.js';
import type { HistoryRow } from '../store/types.js';

/**
 * A closed loop of durable writes, in a process of its own: `store` through the product's TwinStore, `bare` with a prepared
 * insert of the same row and nothing else. Words: rival, settings of the store as JSON, how many writes are outstanding,
 * seconds of warm-up and of measuring. Prints `ready`, and at the end a LoopResult.
 */
export interface LoopResult {
  readonly acknowledged: number;
  readonly failed: number;
  readonly seconds: number;
  readonly latencyMs: Quantiles;
}

const DAY_MS = 86_400_000;

/** Writes one report; resolves when it is acknowledged. */
type Write = (row: HistoryRow) => Promise<unknown>;

function rowOf(vehicle: string, seq: number, timeMs: number): HistoryRow {
  const values = { lat: 38.0239612, lon: -1.1735482, spd: seq % 130, rpm: 2_431.5, maf: 23.41, thr: 31.37, load: 54.9 };
  const samples = Object.entries(values).map(([name, value]) => ({ name, value, timeMs: timeMs - 250 }));
  const bytes = encodeReport({ vehicle, boot: 1, seq, timeMs, samples });
  return { vehicle, boot: 1, seq, timeMs, bytes, schema: 1, receivedAtMs: timeMs + 20 };
}

async function openBare(settings: TwinStoreSettings): Promise<{ write: Write; close(): Promise<void> }> {
  if (settings.kind !== 'cassandra') throw new Error('the bare loop is of Cassandra');
  const { contactPoints, datacentre, keyspace } = settings.cassandra;
  const { loadBalancing } = cassandra.policies;
  const client = new cassandra.Client({
    contactPoints: [...contactPoints],
    localDataCenter: datacentre,
    policies: {
      loadBalancing: new loadBalancing.TokenAwarePolicy(new loadBalancing.DCAwareRoundRobinPolicy(datacentre)),
    },
  });
  await client.connect();
  const cql = `INSERT INTO ${keyspace}_twin.report_history (vehicle, day, time, boot, seq, report) VALUES (?, ?, ?, ?, ?, ?)`;
  const options = { prepare: true, consistency: cassandra.types.consistencies.localQuorum };
  const { Long } = cassandra.types;
  const write: Write = row => {
    const [time, boot, seq] = [row.timeMs, row.boot, row.seq].map(value => Long.fromNumber(value));
    const day = Math.floor(row.timeMs / DAY_MS);
    return client.execute(cql, [row.vehicle, day, time, boot, seq, encodeHistoryValue(row)], options);
  };
  return { write, close: () => client.shutdown() };
}

async function openStore(settings: TwinStoreSettings): Promise<{ write: Write; close(): Promise<void> }> {
  const deps = { clock: systemClock, timers: systemTimers, random: Math.random, log: silentLog };
  const store = await openTwinStore(settings, deps);
  return { write: row => store.append([row]), close: async () => store[Symbol.asyncDispose]() };
}

const [rival = '', settingsText = '', ...numbers] = process.argv.slice(2);
const [outstanding = 1, warmS = 1, measureS = 1] = numbers.map(Number);
const settings = JSON.parse(settingsText) as TwinStoreSettings;
const opened = await (rival === 'bare' ? openBare(settings) : openStore(settings));
process.stdout.write('ready\n');

const begunMs = performance.now();
const fromMs = begunMs + warmS * 1_000;
const toMs = fromMs + measureS * 1_000;
const latencies: number[] = [];
let failed = 0;
const firstTimeMs = Date.now();
const device = async (at: number): Promise<void> => {
  for (let seq = 1; performance.now() < toMs; seq++) {
    const row = rowOf(`${rival}-${process.pid}-${at}`, seq, firstTimeMs + seq);
    const sentMs = performance.now();
    try {
      await opened.write(row);
    } catch {
      failed++;
      continue;
    }
    const doneMs = performance.now();
    if (doneMs >= fromMs && doneMs < toMs) latencies.push(doneMs - sentMs);
  }
};
await Promise.all(Array.from({ length: outstanding }, (_, at) => device(at)));
const result: LoopResult = {
  acknowledged: latencies.length,
  failed,
  seconds: measureS,
  latencyMs: quantilesOf(latencies),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
await opened.close();
