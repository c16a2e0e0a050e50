import { silentLog } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { registration, registrationRequest, type RegistrationRequest } from '../../protocol/api/md-manager.js';
import { openHttp, type HttpServer } from '../../protocol/api/http-server.js';
import { route } from '../../protocol/api/route.js';
import type { Peer } from '../../protocol/coap/types.js';
import type { MetricName } from '../../protocol/metrics.js';

/** As much of md-manager as one device needs to begin: it registers anybody, with this twin. `nextBoot` is told each request. */
export function openAuthority(
  twin: Peer,
  metrics: Metrics<MetricName>,
  nextBoot: (request: RegistrationRequest) => number,
): Promise<HttpServer> {
  const register = route({
    method: 'POST',
    path: '/v1/registrations',
    summary: 'registers',
    body: registrationRequest,
    answer: registration,
    handle: ({ body }) => ({ vehicle: body.vehicle, number: 7, twin, nextBoot: nextBoot(body) }),
  });
  const listen = { address: '127.0.0.1', port: 0 };
  return openHttp({ part: 'md-manager', listen, routes: [register], log: silentLog, metrics });
}
