import { macOf } from './address-plan.js';
import { LAN_BRIDGE, CONTROL_DEVICE, WIRE, type End, type Mobile, type Plan, type Wire } from './plan.js';
import { mobileLines, neighbourLines, stationLines } from './routes.js';
import type { NetnsSpec } from './spec.js';

/** The shell script that turns namespaces into a plan's network; it is run where `ip -n` knows them by name. Pure. */
export function buildScript(plan: Plan, spec: Pick<NetnsSpec, 'neighbours' | 'ipv6'>): string {
  const quiet = new Set([WIRE, ...plan.switches.map(({ place }) => place)]);
  const air = airLines(plan);
  return [
    // Settings first: devices take over what `default` says when they are made.
    ...plan.places.map(place => inside(place, settings(spec.ipv6 && !quiet.has(place), place === WIRE))),
    batch([
      ...plan.bridges.map(({ place, device }) => `link add ${device} netns ${place} type bridge mcast_snooping 0`),
      ...plan.wires.flatMap(vethLines),
    ]),
    ...plan.places.map(place => batch(placeLines(plan, place, spec), place)),
    batch(air.ports, WIRE),
    `bridge -n ${WIRE} -batch - <<'LINES'\n${air.cars.join('\n')}\nLINES`,
    ...plan.places.flatMap(place => {
      const devices = endsOf(plan, place).map(({ device }) => device);
      return devices.length === 0 ? [] : [inside(place, [offload(devices)])];
    }),
    ...plan.mobiles.filter(({ kind }) => kind === 'router').map(router => inside(router.name, natLines(router))),
  ].join('\n');
}

/** What a wire with a relay ends at in the wiring namespace: the relay joins the two. */
export const relayDevices = (wire: Wire): readonly [string, string] => [`x${wire.from.device}`, `y${wire.from.device}`];

/** Whether a process carries its frames: for delay, for loss, or for a VLAN tag, which this kernel may not know. */
export const needsRelay = (wire: Wire): boolean => wire.quality !== undefined || wire.vlan !== undefined;

function vethLines(wire: Wire): readonly string[] {
  if (!needsRelay(wire)) return [vethLine(wire.from, wire.to)];
  const [x, y] = relayDevices(wire);
  return [vethLine(wire.from, { place: WIRE, device: x }), vethLine({ place: WIRE, device: y }, wire.to)];
}
const vethLine = (from: End, to: End): string => `link add ${endText(from)} type veth peer name ${endText(to)}`;
const endText = ({ device, place, mac }: End): string =>
  `${device}${mac === undefined ? '' : ` address ${mac}`} netns ${place}`;

/**
 * The bridge of an access point learns nothing: it knows the cars that can be there, and all else is at the switch. With
 * learning, a broadcast that a car sends elsewhere would make its old access point throw away what is still on the way to
 * it there.
 */
function airLines(plan: Plan): { readonly ports: readonly string[]; readonly cars: readonly string[] } {
  const cars = plan.wires.filter(
    ({ from, to }) => from.place === WIRE && plan.mobiles.some(mobile => mobile.name === to.place),
  );
  const uplinks = plan.wires.filter(({ link }) => link?.startsWith('access:'));
  return {
    ports: [
      ...uplinks.map(({ from }) => `link set ${from.device} type bridge_slave learning off`),
      ...cars.map(({ from }) => `link set ${from.device} type bridge_slave learning off flood off`),
    ],
    cars: cars.map(({ from, to }) => `fdb replace ${to.mac ?? ''} dev ${from.device} master static`),
  };
}

const endsOf = (plan: Plan, place: string): readonly End[] =>
  plan.wires.flatMap(({ from, to }) => [from, to]).filter(end => end.place === place);

function placeLines(plan: Plan, place: string, spec: Pick<NetnsSpec, 'neighbours' | 'ipv6'>): readonly string[] {
  const station = plan.stations.find(({ name }) => name === place);
  const mobile = plan.mobiles.find(({ name }) => name === place);
  const control = station ?? plan.switches.find(one => one.place === place);
  return [
    'link set lo up',
    ...plan.bridges.filter(bridge => bridge.place === place).map(({ device }) => `link set ${device} up`),
    ...endsOf(plan, place).map(
      ({ device, bridge }) => `link set ${device}${bridge === undefined ? '' : ` master ${bridge}`} up`,
    ),
    ...(place === WIRE ? plan.wires.filter(needsRelay).flatMap(relayDevices) : []).map(
      device => `link set ${device} up`,
    ),
    ...(control === undefined ? [] : [`addr add ${control.controlAddress}/16 dev ${CONTROL_DEVICE}`]),
    ...(mobile?.lan === undefined
      ? []
      : [
          `link set ${LAN_BRIDGE} address ${macOf('lan', plan.mobiles.indexOf(mobile))}`,
          `addr add ${mobile.lan}/24 dev ${LAN_BRIDGE}`,
        ]),
    ...(station === undefined ? [] : stationLines(station, spec)),
    ...(mobile === undefined ? [] : mobileLines(mobile, spec)),
    ...(spec.neighbours === 'static' ? neighbourLines(plan, place, spec) : []),
  ];
}

function settings(ipv6: boolean, bridges: boolean): readonly string[] {
  const set = (name: string, value: number): string =>
    `[ ! -e /proc/sys/net/${name} ] || echo ${value} > /proc/sys/net/${name}`;
  const both = (name: string, value: number, family = 'ipv4'): string[] =>
    ['all', 'default'].map(which => set(`${family}/conf/${which}/${name}`, value));
  return [
    ...both('disable_ipv6', ipv6 ? 0 : 1, 'ipv6'),
    // No address of its own making, no question to routers: each would look like a move of the car.
    ...(ipv6
      ? ['addr_gen_mode', 'accept_ra', 'router_solicitations'].flatMap(name =>
          both(name, name === 'addr_gen_mode' ? 1 : 0, 'ipv6'),
        )
      : []),
    // An answer may come in by another device than the one the route goes out by: that is what a move is.
    ...both('rp_filter', 0),
    // A car has its address on all devices, and answers for it on the one that its route goes out by.
    ...both('arp_filter', 1),
    ...(bridges ? ['iptables', 'ip6tables', 'arptables'].map(name => set(`bridge/bridge-nf-call-${name}`, 0)) : []),
  ];
}

/** A rewritten datagram whose checksum was left to a device that does not exist is thrown away by its receiver. */
const offload = (devices: readonly string[]): string =>
  `for device in ${devices.join(' ')}; do ethtool -K "$device" tx off >/dev/null; done`;

/** Source NAT with ports at random, so that a forgotten mapping comes back as another port (rebinding). */
export function natLines({ addresses }: Pick<Mobile, 'addresses'>): readonly string[] {
  const rules = `table ip lab {
  chain out { type nat hook postrouting priority 100; oifname != "${LAN_BRIDGE}" snat to ${addresses[0] ?? ''} random; }
}`;
  return [
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    '[ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables',
    `nft -f - <<'RULES'\ntable ip lab\ndelete table ip lab\n${rules}\nRULES`,
  ];
}

const batch = (lines: readonly string[], place?: string): string =>
  `ip${place === undefined ? '' : ` -n ${place}`} -batch - <<'LINES'\n${lines.join('\n')}\nLINES`;
const inside = (place: string, lines: readonly string[]): string =>
  `nsenter --net=/run/netns/${place} sh -e <<'INSIDE'\n${lines.join('\n')}\nINSIDE`;
