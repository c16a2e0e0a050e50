import { quantilesOf } from '../common/quantiles.js';
import type { CasOutcome, ControlStore, OwnerRow } from '../store/types.js';
import { countRow, cpuMeter, type BenchRow } from './harness.js';
import { DOMAINS, type Domain, type StoreSite } from './store-site.js';

const VEHICLES = 50;

const ownerOf = (vehicle: string, epoch: number, domain: string): OwnerRow => ({
  ...{ vehicle, epoch, handover: epoch === 0 ? 'registration' : `bench-${domain}-${epoch}`, attempt: 0 },
  ...{ host: `${domain}/1`, domain, claimedAtMs: Date.now() },
});

/**
 * What a claim costs (a compare-and-set at SERIAL over three datacentres) from each domain: alone, and where all three
 * claim the same vehicles at once.
 */
export async function storeClaims(name: string, site: StoreSite, n: number, signal: AbortSignal): Promise<BenchRow[]> {
  const stores = new Map<Domain, ControlStore>();
  for (const domain of DOMAINS) stores.set(domain, await site.control(domain));
  const core = stores.get('core');
  const vehicles = Array.from({ length: VEHICLES }, (_, at) => `claimed-${process.pid}-${at}`);
  for (const vehicle of vehicles) await core?.insertOwner(ownerOf(vehicle, 0, 'core'));
  const rows: BenchRow[] = [];
  let epoch = 0;
  for (const [domain, store] of stores) {
    const cpu = cpuMeter();
    const latencies: number[] = [];
    for (let at = 0; at < n; at++) {
      signal.throwIfAborted();
      if (at % VEHICLES === 0) epoch++;
      const row = ownerOf(vehicles[at % VEHICLES] ?? '', epoch, domain);
      const begunMs = performance.now();
      const outcome = await store.claim(row);
      latencies.push(performance.now() - begunMs);
      if (outcome !== 'applied') throw new Error(`a claim without a rival was ${outcome}`);
    }
    process.stderr.write(`store: ${name}, claims from ${domain}\n`);
    const alone = `${name}, claim from ${domain}`;
    rows.push({ case: alone, metric: 'applied', unit: 'ms', ...quantilesOf(latencies), cpuIdle: cpu.idle() });
  }
  rows.push(...(await contended(name, stores, vehicles, epoch, n, signal)));
  return rows;
}

async function contended(
  name: string,
  stores: ReadonlyMap<Domain, ControlStore>,
  vehicles: readonly string[],
  fromEpoch: number,
  n: number,
  signal: AbortSignal,
): Promise<BenchRow[]> {
  const cpu = cpuMeter();
  const latencies: number[] = [];
  const outcomes: Record<CasOutcome, number> = { applied: 0, refused: 0, unknown: 0 };
  let twice = 0;
  for (let at = 0; at < n; at++) {
    signal.throwIfAborted();
    const vehicle = vehicles[at % VEHICLES] ?? '';
    const epoch = fromEpoch + 1 + Math.floor(at / VEHICLES);
    const found = await Promise.all(
      [...stores].map(async ([domain, store]) => {
        const begunMs = performance.now();
        const outcome = await store.claim(ownerOf(vehicle, epoch, domain));
        latencies.push(performance.now() - begunMs);
        outcomes[outcome]++;
        return outcome;
      }),
    );
    if (found.filter(outcome => outcome === 'applied').length > 1) twice++;
  }
  const cpuIdle = cpu.idle();
  const one = `${name}, three claims of one epoch at once`;
  return [
    { case: one, metric: 'answered', unit: 'ms', ...quantilesOf(latencies), cpuIdle },
    ...(['applied', 'refused', 'unknown'] as const).map(outcome => countRow(one, outcome, outcomes[outcome], cpuIdle)),
    countRow(one, 'two winners', twice, cpuIdle),
  ];
}
