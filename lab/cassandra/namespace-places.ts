import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Resources } from '../../common/lifecycle.js';
import { packageRoot } from '../../common/package-root.js';
import { addressAt } from '../../protocol/addresses.js';
import { fault } from '../../protocol/errors.js';
import { installed, openNamespaces, type Namespaces } from '../netns/namespaces.js';
import { killed } from '../open-vswitch/ovs-folder.js';
import { loopbackAddress } from './loopback-places.js';
import { CQL_PORT } from './node-config.js';
import { dyingWithUs } from './node-process.js';
import type { Places } from './places.js';

/** Of the network between the nodes, which is known to this run alone. */
const PREFIX = '10.9.0.0';
const HUB = 'hub';
const placeOf = (index: number): string => `node-${index + 1}`;
const JMX_PORT = 7199;

/** Why there can be no namespaces for nodes, in words, or `undefined` where there can. */
export function namespacesMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  const missing = ['ip', 'nft', 'nsenter', 'unshare', 'python3'].filter(name => !installed(name));
  return missing.length === 0 ? undefined : `${missing.join(', ')} not installed: see lab/real/install.sh`;
}

/**
 * A network namespace for each node, wired to one bridge. Clients stay in the machine's own network: a door leads from an
 * address of the loopback network to each node, and stays open whatever is cut between nodes.
 */
export async function openNamespacePlaces(domains: readonly string[], network: number): Promise<Places> {
  const resources = new Resources();
  try {
    const namespaces = resources.use(await openNamespaces([HUB, ...domains.map((_, index) => placeOf(index))]));
    await namespaces.script(wiring(domains.length));
    await Promise.all(
      domains.map(async (_, index) => {
        const door = await openDoor(loopbackAddress(network, index + 1), namespaces.pathOf(placeOf(index)));
        resources.defer(() => killed(door));
      }),
    );
    return new NamespacePlaces(domains, network, namespaces, resources);
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}

class NamespacePlaces implements Places {
  readonly #domains: readonly string[];
  readonly #network: number;
  readonly #namespaces: Namespaces;
  readonly #resources: Resources;

  constructor(domains: readonly string[], network: number, namespaces: Namespaces, resources: Resources) {
    this.#domains = domains;
    this.#network = network;
    this.#namespaces = namespaces;
    this.#resources = resources;
  }

  addressOf(domain: string): string {
    return nodeAddress(this.#domains.indexOf(domain));
  }

  rpcAddressOf(): string {
    return '127.0.0.1';
  }

  contactAddressOf(domain: string): string {
    return loopbackAddress(this.#network, this.#domains.indexOf(domain) + 1);
  }

  jmxPort(): Promise<number> {
    return Promise.resolve(JMX_PORT);
  }

  exec(domain: string, argv: readonly string[], options: Parameters<Places['exec']>[2]): ChildProcess {
    return this.#namespaces.exec(this.#placeOf(domain), argv, options);
  }

  async cut(a: string, b: string): Promise<void> {
    await Promise.all([this.#hears(a, b, false), this.#hears(b, a, false)]);
  }

  async heal(a: string, b: string): Promise<void> {
    await Promise.all([this.#hears(a, b, true), this.#hears(b, a, true)]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources[Symbol.asyncDispose]();
  }

  /** What comes from a node that is not heard is dropped without a word, as on a line that is cut. */
  async #hears(domain: string, other: string, heard: boolean): Promise<void> {
    const address = this.addressOf(other);
    // Adding first: to delete what is not there is an error.
    const lines = [
      `add element inet cut away { ${address} }`,
      ...(heard ? [`delete element inet cut away { ${address} }`] : []),
    ];
    await this.#namespaces.run(this.#placeOf(domain), ['nft', '-f', '-'], `${lines.join('\n')}\n`);
  }

  #placeOf(domain: string): string {
    return placeOf(this.#domains.indexOf(domain));
  }
}

const nodeAddress = (index: number): string => addressAt(PREFIX, index + 1);

/** Bridge, wires, addresses, and in each namespace a filter that drops nothing yet. */
function wiring(nodes: number): string {
  const lines = [`ip -n ${HUB} link add br0 type bridge`, `ip -n ${HUB} link set br0 up`];
  for (let index = 0; index < nodes; index++) {
    const place = placeOf(index);
    lines.push(
      `ip -n ${HUB} link add to-${place} type veth peer name eth0 netns ${place}`,
      `ip -n ${HUB} link set to-${place} master br0 up`,
      `ip -n ${place} addr add ${nodeAddress(index)}/24 dev eth0`,
      `ip -n ${place} link set lo up`,
      `ip -n ${place} link set eth0 up`,
      `ip netns exec ${place} nft -f - <<'END'`,
      'table inet cut {',
      '  set away { type ipv4_addr; }',
      '  chain input { type filter hook input priority 0; ip saddr @away drop; }',
      '}',
      'END',
    );
  }
  return `${lines.join('\n')}\n`;
}

async function openDoor(address: string, namespace: string): Promise<ChildProcess> {
  const script = join(packageRoot(), 'lab/cassandra/door.py');
  const argv = ['python3', script, `${address}:${CQL_PORT}`, namespace, `127.0.0.1:${CQL_PORT}`];
  const [program = '', ...words] = dyingWithUs(argv);
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const said: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => void said.push(chunk.toString()));
  const ready = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(() => true),
    once(child, 'close').then(() => false),
  ]);
  if (!ready) throw fault('LAB_FAILED', `no door at ${address}: ${said.join('').trim()}`);
  return child;
}
