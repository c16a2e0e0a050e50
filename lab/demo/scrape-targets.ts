import { PORT, SERVICE, managersOf, urlsOf, vehiclesOf, type Addresses, type Plan } from './plan.js';

/** A group of Prometheus' file discovery. */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: { readonly job: string };
}

/** Every process of a lab run that has metrics, vMD hosts left out: md-manager tells of them. */
export function scrapeTargets(block: Addresses, plan: Plan): TargetGroup[] {
  const urls = urlsOf(block, plan);
  const at = (service: keyof typeof SERVICE, port: number): string =>
    `http://${block.serviceAddress(SERVICE[service])}:${port}`;
  const jobs: readonly (readonly [string, readonly string[]])[] = [
    ['md-manager', managersOf(urls)],
    ['sdn-app', [urls.sdn]],
    ['analytics', [urls.analytics]],
    ['switch', [at('switch', PORT.switchHttp)]],
    ['radio', [urls.radio]],
    ['cars', [at('cars', PORT.carsHttp)]],
    ['replicator', plan.cassandra === undefined ? [urls.replicator] : []],
    ['device', [...new Set(vehiclesOf(block, plan).map(({ status }) => status))]],
  ];
  return jobs
    .filter(([, targets]) => targets.length > 0)
    .map(([job, targets]) => ({ targets: targets.map(url => new URL(url).host), labels: { job } }));
}

/** Below the data folder of a run. */
export const TARGETS_FILE = 'targets.json';
