import { z } from 'zod';
import { delay, type Timers } from '../../../common/clock.js';
import { codeOf, messageOf } from '../../../common/errors.js';
import type { Log } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { openHttp } from '../../../protocol/api/http-server.js';
import { route } from '../../../protocol/api/route.js';
import { inUrl } from '../../../protocol/ipv6.js';
import { METRICS } from '../../../protocol/metrics.js';
import type { Northbound } from './northbound.js';
import type { Settling } from './settle.js';

export interface CallbackDeps {
  readonly northbound: Pick<Northbound, 'subscribe' | 'unsubscribe'>;
  readonly settling: Pick<Settling, 'hurry'>;
  readonly timers: Timers;
  readonly log: Log;
  /** Pause before the interface is asked again. */
  readonly retryMs?: number;
}

const PATH = '/v1/osm/operations';
/** What was forgotten there is made anew after so long; what is there is said to be there. */
const AGAIN_MS = 600_000;
const RETRY_MS = 15_000;

/** Of the whole notification that is all that can be relied on: ids are `N/A` (release 19). */
const notification = z.looseObject({ _links: z.looseObject({ self: z.string() }) });

/**
 * Listens for operations that have ended, and subscribes to them where the release can (8 and later). Each is a hint at
 * most: the operation is looked at at once, and would be anyway. So a listener that nobody reaches costs time alone.
 */
export async function openCallbacks(
  listen: { readonly address: string; readonly port: number },
  deps: CallbackDeps,
): Promise<AsyncDisposable> {
  const { settling, log } = deps;
  const closing = new AbortController();
  const http = await openHttp({
    ...{ part: 'md-manager', listen, log, metrics: new Metrics(METRICS) },
    routes: [
      // It demands exactly 204 before it takes a subscription.
      route({ method: 'GET', path: PATH, summary: 'somebody listens here', handle: () => undefined }),
      route({
        method: 'POST',
        path: PATH,
        summary: 'an operation has ended',
        body: notification,
        handle: ({ body }) => settling.hurry(body._links.self.split('/').at(-1) ?? ''),
      }),
    ],
  });
  const { address } = listen;
  const port = new URL(http.url).port;
  const subscribing = keepSubscribed(`http://${inUrl(address)}:${port}${PATH}`, deps, closing.signal);
  return {
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('md-manager stops'));
      await subscribing;
      await http[Symbol.asyncDispose]();
    },
  };
}

async function keepSubscribed(url: string, deps: CallbackDeps, signal: AbortSignal): Promise<void> {
  const { northbound, timers, log, retryMs = RETRY_MS } = deps;
  let id: string | undefined;
  while (!signal.aborted) {
    let pauseMs = AGAIN_MS;
    try {
      id = (await northbound.subscribe(url, signal)) ?? id;
    } catch (error) {
      // Releases up to 7 have none: operations are looked at.
      if (signal.aborted || codeOf(error) === 'MANO_UNSUPPORTED') break;
      log.warn({ event: 'manager.mano.not-subscribed', error: messageOf(error) });
      pauseMs = retryMs;
    }
    await delay(pauseMs, signal, timers).catch(() => undefined);
  }
  if (id === undefined) return;
  await northbound.unsubscribe(id).catch((error: unknown) => {
    log.warn({ event: 'manager.mano.not-subscribed', error: messageOf(error) });
  });
}
