import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../common/package-root.js';
import { fault } from '../../protocol/errors.js';
import type { Arrival, Hold, Matcher } from '../proxy/gate.js';
import type { Network } from '../netns/network.js';

/** What is said to a gate that runs in a place. */
export type GateOrder =
  | { readonly do: 'hold'; readonly id: number; readonly method?: string; readonly path: string }
  | { readonly do: 'release' | 'drop'; readonly id: number };

type Told = { readonly held: number } | { readonly id: number; readonly arrival: Arrival } | { readonly ready: string };

/** A gate (lab/proxy/gate.ts) inside a place of the network. */
export interface SiteGate extends AsyncDisposable {
  readonly url: string;
  /** Resolves once it is armed. */
  hold(matcher: Matcher): Promise<Hold>;
}

/** Opens it at `listen`; without `upstream` each request says in `x-edgetwin-upstream` where it goes. */
export async function openSiteGate(
  network: Pick<Network, 'exec'>,
  place: string,
  listen: { readonly address: string; readonly port: number },
  upstream?: string,
): Promise<SiteGate> {
  const script = join(packageRoot(), 'dist/lab/site/gate-child.js');
  const argv = [process.execPath, script, listen.address, String(listen.port)];
  const child = network.exec(place, upstream === undefined ? argv : [...argv, upstream], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw fault('LAB_FAILED', 'the gate has no pipes');
  stdin.on('error', () => undefined); // it ended: nothing is held any more
  const arrived = new Map<number, (arrival: Arrival) => void>();
  const armed = new Map<number, () => void>();
  const lines = createInterface({ input: stdout });
  const ready = once(lines, 'line');
  lines.on('line', line => {
    const told = JSON.parse(line) as Told;
    if ('held' in told) armed.get(told.held)?.();
    else if ('id' in told) arrived.get(told.id)?.(told.arrival);
  });
  await ready;
  const say = (order: GateOrder): void => void stdin.write(`${JSON.stringify(order)}\n`);
  let ids = 0;
  return {
    url: `http://${listen.address}:${listen.port}`,
    async hold({ method, path }) {
      const id = ++ids;
      const arrival = new Promise<Arrival>(resolve => arrived.set(id, resolve));
      const isArmed = new Promise<void>(resolve => armed.set(id, resolve));
      say({ do: 'hold', id, path: path.source, ...(method === undefined ? {} : { method }) });
      await isArmed;
      return { arrived: arrival, release: () => say({ do: 'release', id }), drop: () => say({ do: 'drop', id }) };
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return; // its network went first
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
