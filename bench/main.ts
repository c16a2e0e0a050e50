import { runMain } from '../common/main.js';
import { runBench, type Bench } from './harness.js';

const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  analytics: async () => (await import('./analytics.js')).benchAnalytics,
  'cold-start': async () => (await import('./cold-start.js')).benchColdStart,
  bytes: async () => (await import('./bytes.js')).benchBytes,
  handover: async () => (await import('./handover.js')).benchHandover,
  manager: async () => (await import('./manager.js')).benchManager,
  ingest: async () => (await import('./ingest.js')).benchIngest,
  network: async () => (await import('./network.js')).benchNetwork,
  'table-size': async () => (await import('./table-size.js')).benchTableSize,
  storm: async () => (await import('./storm.js')).benchStorm,
  store: async () => (await import('./store.js')).benchStore,
  page: async () => (await import('./page.js')).benchPage,
  pool: async () => (await import('./pool.js')).benchPool,
  device: async () => (await import('./device.js')).benchDevice,
  sampling: async () => (await import('./sampling.js')).benchSampling,
  memory: async () => (await import('./memory.js')).benchMemory,
};

/** Those of the network stand in the table of hand-overs. */
const FILES: Readonly<Record<string, string>> = { network: 'handover' };

/** `make bench NAME=ingest`, `make bench NAME='network n=20 ways=armed'`; without a name, or with `all`, every benchmark in turn. */
await runMain(async signal => {
  const [name = 'all', ...words] = process.argv.slice(2);
  const names = name === 'all' ? Object.keys(BENCHES).filter(one => FILES[one] === undefined) : [name];
  for (const one of names) {
    const load = BENCHES[one];
    if (load === undefined) {
      process.stderr.write(`bench: '${one}' is none of ${Object.keys(BENCHES).join(', ')}\n`);
      return 2;
    }
    const bench = await load();
    await runBench(one, bench, { file: FILES[one] ?? one, words, signal });
  }
  return 0;
});
