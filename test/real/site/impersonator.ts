import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../../common/package-root.js';
import type { VehicleRecord } from '../../../protocol/api/md-manager.js';
import { GATEWAY, GATEWAY_MAC } from '../../../lab/netns/address-plan.js';
import type { Network } from '../../../lab/netns/network.js';

export interface Heard {
  /** It answers what the impersonator asked. */
  readonly own: boolean;
  /** Of his, where it came in. */
  readonly device: string;
  /** The first bytes, in hex. */
  readonly payload: string;
}

/** Somebody else with the addresses of a car. */
export interface Impersonator extends AsyncDisposable {
  /** Every datagram that came to him. */
  readonly heard: readonly Heard[];
}

const EVERY_MS = 50;
/** So many frames that his copies alone are forty times what a vehicle's meter lets through. */
export const FLOOD_EVERY_MS = 5;

/** Lets a place that has no agent speak as a car that is known, from an access point where the car is not. */
export async function impersonate(
  network: Network,
  place: string,
  victim: VehicleRecord,
  at: { readonly accessPoint: string; readonly mac?: string; readonly everyMs?: number },
): Promise<Impersonator> {
  const source = victim.attachment?.source;
  assert.ok(source);
  const device = network.plan.mobiles
    .find(({ name }) => name === place)
    ?.attachments.find(({ name }) => name === at.accessPoint)?.device;
  assert.ok(device);
  if (at.mac !== undefined) {
    await network.run(place, ['ip', 'link', 'set', device, 'address', at.mac]);
    // With another address a device forgets its neighbours, permanent ones included.
    const gateway = [GATEWAY, 'lladdr', GATEWAY_MAC, 'dev', device, 'nud', 'permanent'];
    await network.run(place, ['ip', 'neighbour', 'replace', ...gateway]);
    await listenTo(network, place, device, at.mac);
  }
  await network.run(place, ['ip', 'address', 'replace', `${source.address}/32`, 'dev', 'lo']);
  await network.moveTo(place, at.accessPoint);
  const program = join(packageRoot(), 'test/real/site/impersonator.py');
  const words = [source.address, source.port, victim.twin.address, victim.twin.port, at.everyMs ?? EVERY_MS].map(
    String,
  );
  const child = network.exec(place, ['python3', program, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
  assert.ok(child.stdout && child.stdin);
  const heard: Heard[] = [];
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  lines.on('line', line => void heard.push(JSON.parse(line) as Heard));
  return {
    heard,
    async [Symbol.asyncDispose]() {
      const closed = once(child, 'close');
      child.stdin?.end();
      await closed;
      const owner = network.plan.mobiles.find(({ mac }) => mac === at.mac)?.name;
      if (at.mac !== undefined && owner !== undefined) await listenTo(network, owner, device, at.mac);
    },
  };
}

/** The access point takes the station with this MAC address for the one in this place. */
async function listenTo(network: Network, place: string, device: string, mac: string): Promise<void> {
  const wire = network.plan.wires.find(({ to }) => to.place === place && to.device === device);
  assert.ok(wire);
  const station = [mac, 'dev', wire.from.device, 'master', 'static'];
  await network.run(wire.from.place, ['bridge', 'fdb', 'replace', ...station]);
}
