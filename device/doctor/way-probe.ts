import type { Clock, Timers } from '../../common/clock.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import { openCoapEndpoint } from '../../protocol/coap/endpoint.js';
import { secureRandom } from '../../protocol/coap/secure-random.js';
import type { Peer } from '../../protocol/coap/types.js';
import { openUdpPort } from '../../protocol/coap/udp-port.js';
import { inUrl } from '../../protocol/ipv6.js';
import { wordsOf } from './words.js';
import type { ManagerSeen, TwinSeen } from './observations.js';

/** The first of them pays for the connection. */
const TRIES = 3;
const ASK_MS = 5_000;

/** Which of the md-managers answer, and how fast. */
export async function probeManagers(
  urls: readonly string[],
  clock: Pick<Clock, 'monotonicMs'>,
  signal: AbortSignal,
): Promise<ManagerSeen> {
  const all = await Promise.all(urls.map(url => probeManager(url, clock, signal)));
  return {
    at: 'asked',
    reached: all.flatMap(one => ('rttMs' in one ? [one] : [])),
    away: all.flatMap(one => ('say' in one ? [one] : [])),
  };
}

type OneManager = { readonly url: string; readonly rttMs: number } | { readonly url: string; readonly say: string };

async function probeManager(url: string, clock: Pick<Clock, 'monotonicMs'>, signal: AbortSignal): Promise<OneManager> {
  await using http = new HttpClient(url, { connections: 1 });
  let rttMs = Infinity;
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      const fromMs = clock.monotonicMs();
      await http.call('GET', '/healthz', { timeoutMs: ASK_MS, signal });
      rttMs = Math.min(rttMs, clock.monotonicMs() - fromMs);
    }
    return { url, rttMs };
  } catch (error) {
    signal.throwIfAborted();
    return { url, say: wordsOf(error).replace(`GET ${url}/healthz`, url) };
  }
}

export interface TwinProbe {
  readonly twin: Peer;
  /** The socket of the agent, which does not run: the network knows the vehicle by it. */
  readonly bind: Peer;
  readonly clock: Clock;
  readonly timers: Timers;
}

const COAP_ANSWER_MS = 8_000;

/** Whether anybody answers at the twin address (`GET /.well-known/core`; whatever the answer is), and how fast. */
export async function probeTwin({ twin, bind, clock, timers }: TwinProbe, signal: AbortSignal): Promise<TwinSeen> {
  const address = `coap://${inUrl(twin.address)}:${twin.port}`;
  try {
    const port = await openUdpPort(bind);
    const handler = (): { code: string } => ({ code: '5.03' });
    await using endpoint = openCoapEndpoint({ port, handler, clock, timers, random: secureRandom });
    let rttMs = Infinity;
    for (let tries = 0; tries < TRIES; tries++) {
      const fromMs = clock.monotonicMs();
      const options = { confirmable: true, timeoutMs: COAP_ANSWER_MS, signal };
      await endpoint.request(twin, { method: 'GET', path: ['.well-known', 'core'] }, options);
      rttMs = Math.min(rttMs, clock.monotonicMs() - fromMs);
    }
    return { at: 'answered', by: 'doctor', address, rttMs };
  } catch (error) {
    signal.throwIfAborted();
    return { at: 'silent', by: 'doctor', address, say: wordsOf(error) };
  }
}
