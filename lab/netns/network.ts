import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { delay } from '../../common/clock.js';
import { Resources } from '../../common/lifecycle.js';
import { fault } from '../../protocol/errors.js';
import type { Topology } from '../../protocol/topology.js';
import { ipv6Of } from './address-plan.js';
import { buildScript, natLines, needsRelay, relayDevices } from './build-script.js';
import { checksumErrorsIn } from './checksum.js';
import { forgetMappings } from './conntrack.js';
import { IpShell } from './ip-shell.js';
import { openNamespaces, type Namespaces } from './namespaces.js';
import { planOf } from './lay-plan.js';
import { STATION_DEVICE, WIRE, type Attachment, type Mobile, type Plan } from './plan.js';
import { openRelay, type Relay } from './relay.js';
import { addressLines, attachmentOf, fleetLines, moveLines, neighbourLine, readdressLines } from './routes.js';
import { parseNetnsSpec, topologyOf, type LinkQuality, type NetnsSpec, type NetnsSpecInput } from './spec.js';

/** A network of namespaces that runs: cars, routers, hosts, services and the places of switches, but no switch yet. */
export interface Network extends AsyncDisposable {
  readonly spec: NetnsSpec;
  /** Addresses, MAC addresses and devices of everything. */
  readonly plan: Plan;
  /** For sdn-app and md-manager. */
  readonly topology: Topology;
  /** For files of this run; removed at the end. */
  readonly folder: string;
  /** As {@link Namespaces.exec}; `place` is a car, router, host, service, `sw-1`, or `wire` (the wiring). */
  exec(place: string, argv: readonly string[], options?: SpawnOptions): ChildProcess;
  /** As {@link Namespaces.pathOf}. */
  pathOf(place: string): string;
  /** As {@link Namespaces.run}. */
  run(place: string, argv: readonly string[], input?: string): Promise<string>;
  /** The IPv4 address of a car (its first), router, host or service. */
  addressOf(place: string): string;
  /** What a car sends from now on goes this way: an access point or a router. Resolves once the kernel has the routes. */
  moveTo(mobile: string, attachment: string): Promise<void>;
  /** The same for one address of a fleet. */
  moveAddress(fleet: string, address: string, attachment: string): Promise<void>;
  /** A car's or router's source address from now on, with the same MAC address; behind routers a car keeps its own. */
  setAddress(mobile: string, address: string): Promise<void>;
  /** The router forgets its mappings: the next datagram of a car leaves by another port. */
  rebind(router: string): Promise<void>;
  /** Cuts or mends a link (carrier goes at the switch), or changes the quality of one that the spec names. */
  setLink(name: string, change: { readonly up: boolean } | LinkQuality): Promise<void>;
  /** Places with UDP checksum errors since they were made, and how many; empty is as it should be. */
  checksumErrors(): Promise<Readonly<Record<string, number>>>;
}

/** Builds it; a build that fails leaves nothing. TOPOLOGY_INVALID, LAB_FAILED. */
export async function openNetwork(input: NetnsSpecInput): Promise<Network> {
  const spec = parseNetnsSpec(input);
  const plan = planOf(spec);
  const namespaces = await openNamespaces(plan.places);
  try {
    await namespaces.script(buildScript(plan, spec));
    const network = new NetnsNetwork(spec, plan, namespaces);
    await network.openRelays();
    return network;
  } catch (error) {
    await namespaces[Symbol.asyncDispose]();
    throw error;
  }
}

class NetnsNetwork implements Network {
  readonly spec: NetnsSpec;
  readonly plan: Plan;
  readonly topology: Topology;
  readonly folder: string;
  readonly #namespaces: Namespaces;
  readonly #shells = new Map<string, IpShell>();
  readonly #relays = new Map<string, Relay>();
  readonly #mobiles = new Map<string, Mobile>();
  /** Where each address of each car or router is. */
  readonly #at = new Map<string, Attachment>();
  readonly #resources = new Resources();

  constructor(spec: NetnsSpec, plan: Plan, namespaces: Namespaces) {
    this.spec = spec;
    this.plan = plan;
    this.topology = topologyOf(spec);
    this.folder = namespaces.folder;
    this.#namespaces = this.#resources.use(namespaces);
    for (const mobile of plan.mobiles) {
      this.#mobiles.set(mobile.name, mobile);
      for (const address of mobile.addresses) this.#at.set(address, attachmentOf(mobile, mobile.at));
    }
  }

  async openRelays(): Promise<void> {
    await Promise.all(
      this.plan.wires.filter(needsRelay).map(async wire => {
        const at = { place: WIRE, devices: relayDevices(wire), vlan: wire.vlan };
        const relay = await openRelay(this.#namespaces, at, wire.quality ?? { delayMs: 0, loss: 0 });
        if (wire.link !== undefined) this.#relays.set(wire.link, relay);
      }),
    );
  }

  exec(place: string, argv: readonly string[], options?: SpawnOptions): ChildProcess {
    return this.#namespaces.exec(this.#known(place), argv, options);
  }

  pathOf(place: string): string {
    return this.#namespaces.pathOf(this.#known(place));
  }

  run(place: string, argv: readonly string[], input?: string): Promise<string> {
    return this.#namespaces.run(this.#known(place), argv, input);
  }

  addressOf(place: string): string {
    const found =
      this.#mobiles.get(place)?.addresses[0] ?? this.plan.stations.find(({ name }) => name === place)?.address;
    if (found === undefined) throw fault('LAB_FAILED', `${place} has no address`);
    return found;
  }

  async moveTo(name: string, attachment: string): Promise<void> {
    const mobile = this.#mobile(name);
    const to = attachmentOf(mobile, attachment);
    const [first = '', ...others] = mobile.addresses;
    const from = this.#at.get(first) ?? to;
    const rest = others.flatMap(one => fleetLines(mobile, one, this.#at.get(one), to));
    for (const one of mobile.addresses) this.#at.set(one, to);
    await this.#shell(name).apply([...moveLines(mobile, { from, to, addresses: [first] }, this.spec), ...rest]);
  }

  async moveAddress(fleet: string, address: string, attachment: string): Promise<void> {
    const mobile = this.#mobile(fleet);
    const to = attachmentOf(mobile, attachment);
    if (mobile.addresses.length < 2 || !mobile.addresses.includes(address))
      throw fault('LAB_FAILED', `${address} is no address of a fleet ${fleet}`);
    const lines = fleetLines(mobile, address, this.#at.get(address), to);
    this.#at.set(address, to);
    await this.#shell(fleet).apply(lines);
  }

  async setAddress(name: string, address: string): Promise<void> {
    const before = this.#mobile(name);
    const [was = ''] = before.addresses;
    if (before.addresses.length > 1) throw fault('LAB_FAILED', `${name} is a fleet`);
    if (was === address) return;
    const at = this.#at.get(was) ?? attachmentOf(before, before.at);
    const after = { ...before, addresses: [address] };
    this.#mobiles.set(name, after);
    this.#at.delete(was);
    this.#at.set(address, at);
    if (this.spec.neighbours === 'static')
      await Promise.all(
        this.plan.stations.map(station =>
          this.#shell(station.name).apply(neighbourLine(address, after.mac, STATION_DEVICE, this.spec)),
        ),
      );
    await this.#shell(name).apply(addressLines(address, 'add', this.spec));
    if (this.spec.ipv6) await this.#hasLocal(name, ipv6Of(address));
    await this.#shell(name).apply(readdressLines(before, after, at, this.spec));
    if (after.kind !== 'router') return;
    await this.run(name, ['sh', '-e'], natLines(after).join('\n'));
    await this.rebind(name);
  }

  async rebind(router: string): Promise<void> {
    if (this.#mobile(router).kind !== 'router') throw fault('LAB_FAILED', `${router} is no router`);
    await forgetMappings(this.#namespaces, router);
  }

  async setLink(name: string, change: { readonly up: boolean } | LinkQuality): Promise<void> {
    const wire = this.plan.wires.find(({ link }) => link === name);
    if (wire === undefined) throw fault('LAB_FAILED', `there is no link ${name}`);
    const relay = this.#relays.get(name);
    if (!('up' in change)) {
      if (relay === undefined || wire.quality === undefined)
        throw fault('LAB_FAILED', `the quality of ${name} cannot be set: the spec does not name it`);
      await relay.set(change);
      return;
    }
    const place = relay === undefined ? wire.from.place : WIRE;
    const devices = relay === undefined ? [wire.from.device] : relayDevices(wire);
    await this.#shell(place).apply(devices.map(device => `link set ${device} ${change.up ? 'up' : 'down'}`));
  }

  async checksumErrors(): Promise<Readonly<Record<string, number>>> {
    const places = this.plan.places.filter(place => place !== WIRE);
    const counts = await Promise.all(
      places.map(async place => {
        const text = await this.run(place, ['sh', '-c', 'cat /proc/net/snmp /proc/net/snmp6 2>/dev/null || true']);
        return [place, checksumErrorsIn(text)] as const;
      }),
    );
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources[Symbol.asyncDispose]();
  }

  /** The kernel takes an IPv6 address at once, but receives for it only a little later. */
  async #hasLocal(place: string, address: string): Promise<void> {
    while ((await this.run(place, ['ip', '-6', 'route', 'show', 'table', 'local', address])).trim() === '')
      await delay(1);
  }

  #known(place: string): string {
    if (!this.plan.places.includes(place)) throw fault('LAB_FAILED', `there is no place ${place}`);
    return place;
  }

  #mobile(name: string): Mobile {
    const found = this.#mobiles.get(name);
    if (found === undefined) throw fault('LAB_FAILED', `there is no car or router ${name}`);
    return found;
  }

  #shell(place: string): IpShell {
    const existing = this.#shells.get(place);
    if (existing !== undefined) return existing;
    const made = new IpShell(() => this.exec(place, ['ip', '-force', '-batch', '-'], { stdio: 'pipe' }));
    this.#shells.set(place, made);
    return made;
  }
}
