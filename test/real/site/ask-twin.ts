import { systemClock, systemTimers } from '../../../common/clock.js';
import { messageOf } from '../../../common/errors.js';
import { openCoapEndpoint } from '../../../protocol/coap/endpoint.js';
import { secureRandom } from '../../../protocol/coap/secure-random.js';
import { openUdpPort } from '../../../protocol/coap/udp-port.js';

/**
 * `node ask-twin.js ADDRESS VEHICLE VSS_PATH`: asks a vMD host for a value that the car itself shall say now, and prints
 * where the answer is from (`measured`: the car), or why there is none.
 */
const [address = '', vehicle = '', path = ''] = process.argv.slice(2);
const CAR_MS = 2_000;

const port = await openUdpPort({ address: '0.0.0.0', port: 0 });
const handler = (): { readonly code: string } => ({ code: '4.05' });
await using endpoint = openCoapEndpoint({
  port,
  handler,
  clock: systemClock,
  timers: systemTimers,
  random: secureRandom,
});
const request = { method: 'GET', path: ['v', vehicle, 's', path], query: ['maxAge=0', `timeout=${CAR_MS}`] } as const;
try {
  const answer = await endpoint.request({ address, port: 5683 }, request, { timeoutMs: 2 * CAR_MS });
  const text = Buffer.from(answer.payload ?? []).toString();
  process.stdout.write(answer.code === '2.05' ? (JSON.parse(text) as { readonly source: string }).source : text);
} catch (error) {
  process.stdout.write(messageOf(error));
}
