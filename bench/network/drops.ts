import { DOMAINS } from '../../lab/demo/plan.js';
import type { Network } from '../../lab/netns/network.js';
import type { OpenVSwitch } from '../../lab/open-vswitch/open-vswitch.js';
import { hostsPlace } from '../../lab/site/layout.js';

/** Counters of whatever on the way of a frame may drop it, by name. */
export type Drops = Readonly<Record<string, number>>;

/** Takes the counters now; the returned function tells by how much each has grown since, those that did not left out. */
export async function dropMeter(
  network: Network,
  openVSwitch: OpenVSwitch,
  cars: readonly string[],
): Promise<() => Promise<Drops>> {
  const read = async (): Promise<Drops> => {
    const places = [...cars, ...DOMAINS.map(hostsPlace)];
    const texts = await Promise.all(
      places.map(place => network.run(place, ['cat', '/proc/net/udp', '/proc/net/snmp'])),
    );
    const [ports, coverage, sockets] = await Promise.all([
      openVSwitch.ofctl('dump-ports'),
      openVSwitch.appctl('coverage/show'),
      network.run('sw-1', ['ss', '-0', '-a', '-m', '-n', '-H']),
    ]);
    const udp = texts.map(udpDropsIn);
    return {
      ...portDropsIn(ports),
      ...coverageDropsIn(coverage),
      'switch: receive queues of its ports': packetDropsIn(sockets),
      'cars: receive queues': udp.slice(0, cars.length).reduce((sum, one) => sum + one, 0),
      'hosts: receive queues': udp.slice(cars.length).reduce((sum, one) => sum + one, 0),
    };
  };
  const before = await read();
  return async () =>
    Object.fromEntries(
      Object.entries(await read()).flatMap(([name, count]) => {
        const grown = count - (before[name] ?? 0);
        return grown === 0 ? [] : [[name, grown]];
      }),
    );
}

/** Column `drops` of /proc/net/udp: datagrams that found a socket's queue full. */
export const udpDropsIn = (text: string): number =>
  text
    .split('\n')
    .filter(line => /^\s*\d+: /.test(line))
    .reduce((sum, line) => sum + Number(line.trim().split(/\s+/).at(-1) ?? 0), 0);

/** `ovs-ofctl dump-ports`: what ports have dropped in either direction, all ports together. */
export function portDropsIn(text: string): Drops {
  const sum = (way: string): number =>
    [...text.matchAll(new RegExp(`${way} pkts=\\d+, bytes=\\d+, drop=(\\d+)`, 'g'))].reduce(
      (all, [, count]) => all + Number(count),
      0,
    );
  return { 'switch: ports, in': sum('rx'), 'switch: ports, out': sum('tx') };
}

/** `ovs-appctl coverage/show`: totals of its counters of drops. */
export const coverageDropsIn = (text: string): Drops =>
  Object.fromEntries(
    [...text.matchAll(/^(\w*drop\w*)\s.*total: (\d+)$/gm)].map(([, name, count]) => [`switch: ${name}`, Number(count)]),
  );

/** `ss -0 -m`: what packet sockets, by which the userspace datapath receives, had no room for. */
export const packetDropsIn = (text: string): number =>
  [...text.matchAll(/skmem:\([^)]*,d(\d+)\)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
