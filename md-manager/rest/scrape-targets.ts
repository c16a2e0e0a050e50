import { z } from 'zod';
import type { HostRef } from '../../protocol/api/common.js';
import { route, type Route } from '../../protocol/api/route.js';

/** What Prometheus asks by its HTTP service discovery: hosts come and go, so nobody can list them in a file. */
const scrapeTargets = z.array(
  z.object({
    /** ADDRESS:PORT of the control API, where `/metrics` is. */
    targets: z.array(z.string()),
    labels: z.object({ domain: z.string(), host: z.string() }),
  }),
);

/** `hosts`: the vMD hosts that are not going. */
export function scrapeTargetsRoute(hosts: () => Iterable<HostRef>): Route {
  return route({
    method: 'GET',
    path: '/v1/scrape-targets',
    summary: 'vMD hosts in the form of Prometheus’ HTTP service discovery',
    answer: scrapeTargets,
    handle: () =>
      [...hosts()]
        .map(({ host, domain, control }) => ({ targets: [new URL(control).host], labels: { domain, host } }))
        .sort((a, b) => a.labels.host.localeCompare(b.labels.host, 'en', { numeric: true })),
  });
}
