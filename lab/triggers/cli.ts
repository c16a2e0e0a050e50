import { z } from 'zod';
import { configHelp, integer, loadConfig, text, type Settings } from '../../common/config.js';
import { aborted, Resources } from '../../common/lifecycle.js';
import { openLog } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import { openHttp } from '../../protocol/api/http-server.js';
import { route } from '../../protocol/api/route.js';
import { METRICS_OF, type MetricName } from '../../protocol/metrics.js';
import type { FarEnd } from './far-end.js';
import { openMecLocation } from './mec-location.js';
import { openMecMobility } from './mec-mobility.js';
import { openNef } from './nef.js';
import { openSmf } from './smf.js';

const SETTINGS = {
  port: {
    parse: integer(1, 65_531),
    default: '9700',
    help: 'port on 127.0.0.1 of what controls them; SMF, NEF, MEC 013 and MEC 021 have the next four',
  },
  token: { parse: text, optional: true, help: 'bearer token that all of them demand' },
} as const satisfies Settings;

export const help = `usage: edgetwin lab triggers [--flag value …]

Stand-ins for what tells md-manager where vehicles go: a session management function and an exposure function (3GPP), a
location service and an application mobility service (ETSI MEC). They hold requests against their contracts.

POST /v1/ways {"gpsi"|"supi"|"ipv4": …, "from": …, "to": …, "accessPoint": …, "phase": "early"|"late"}   all subscribers are told of it
GET  /v1/far-ends                                                                                       who has subscribed, what was acknowledged

${configHelp(SETTINGS)}
`;

const way = z.strictObject({
  gpsi: z.string().optional(),
  supi: z.string().optional(),
  ipv4: z.ipv4().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  accessPoint: z.string().optional(),
  phase: z.enum(['early', 'late']),
});

const farEnds = z.array(
  z.object({ name: z.string(), url: z.string(), subscriptions: z.array(z.unknown()), acks: z.array(z.unknown()) }),
);

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const { port, token } = loadConfig(SETTINGS, { argv, env });
  process.title = 'edgetwin-lab-triggers';
  await using open = new Resources();
  const openers = [openSmf, openNef, openMecLocation, openMecMobility];
  const all: FarEnd[] = [];
  for (const [n, opener] of openers.entries()) {
    const options = { port: port + 1 + n, asksForAcks: true, ...(token === undefined ? {} : { token }) };
    all.push(open.use(await opener(options)));
  }
  const control = open.use(
    await openHttp({
      part: 'lab-triggers',
      listen: { address: '127.0.0.1', port },
      log: openLog('lab-triggers', 'info'),
      metrics: new Metrics<MetricName>(METRICS_OF.lab),
      routes: [
        route({
          method: 'POST',
          path: '/v1/ways',
          summary: 'a device goes its way: subscribers are told',
          body: way,
          handle: async ({ body }) => {
            for (const farEnd of all) await farEnd.tell(body);
          },
        }),
        route({
          method: 'GET',
          path: '/v1/far-ends',
          summary: 'who has subscribed, what was acknowledged',
          answer: farEnds,
          handle: () =>
            all.map(({ name, door, book, acks }) => ({
              ...{ name, url: door.url, acks: [...acks] },
              subscriptions: book.all().map(({ body }) => body),
            })),
        }),
      ],
    }),
  );
  process.stdout.write(`ready ${control.url}\n`);
  for (const { name, door } of all) process.stdout.write(`${name} ${door.url}\n`);
  await aborted(signal);
  return 0;
}
