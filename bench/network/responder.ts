import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import { COAP_PORT } from '../../protocol/addresses.js';
import type { Network } from '../../lab/netns/network.js';
import { linesOf } from './cars.js';

/** A host in a place that does nothing but answer pings. */
export async function openResponder(network: Network, place: string): Promise<AsyncDisposable> {
  const script = join(packageRoot(), 'bench/network/responder.py');
  const argv = ['python3', script, network.addressOf(place), String(COAP_PORT)];
  const child = network.exec(place, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  if ((await linesOf(child)()) !== 'ready') throw new Error(`the responder in ${place} did not start`);
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
