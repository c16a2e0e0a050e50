import { numberToIpv4 } from '../../protocol/addresses.js';
import { hexToIpv6 } from '../../protocol/ipv6.js';
import type { Action, Bits, Field, PacketIn } from '../switch/flow-switch.js';
import { TABLE, type Family } from './network.js';
import type { Place } from './view.js';

const bits = (field: Field, offset: number, length: number): Bits => ({ field, offset, length });
const move = (from: Bits, to: Bits): Action => ({ do: 'move', from, to });

const MAC_AND_PORT: readonly Action[] = [
  move(bits('udpSrc', 0, 16), bits('reg1', 0, 16)),
  move(bits('ethSrc', 32, 16), bits('reg1', 16, 16)),
  move(bits('ethSrc', 0, 32), bits('reg3', 0, 32)),
];

/** CONTROLLER shows a packet as it is after all rewriting, so a copy carries its first source in registers. */
export const KEPT_SOURCE: Readonly<Record<Family, readonly Action[]>> = {
  ipv4: [move(bits('ipSrc', 0, 32), bits('reg0', 0, 32)), ...MAC_AND_PORT],
  ipv6: [{ do: 'moveWide', from: 'ip6Src', to: 'wide1' }, ...MAC_AND_PORT],
};

const TWO_16 = 2 ** 16;

/** What is in the registers after {@link KEPT_SOURCE}. */
export function keptSource({
  registers,
  wide1,
  packet,
}: Pick<PacketIn, 'registers' | 'wide1' | 'packet'>): Place['source'] {
  const address = packet.family === 'ipv6' ? hexToIpv6(wide1 ?? '0'.repeat(32)) : numberToIpv4(registers[0]);
  return { address, port: registers[1] % TWO_16 };
}

const keptMac = ({ registers: [, reg1, , reg3] }: Pick<PacketIn, 'registers'>): number =>
  Math.floor(reg1 / TWO_16) * 2 ** 32 + reg3;

/**
 * Where a copied frame came from: by the registers where the copy table sent it, by its headers where a switch without
 * moves did, before it rewrote them. `undefined` for what is no UDP datagram.
 */
export function placeOfCopy(event: PacketIn): Place | undefined {
  const { datapath, inPort, packet } = event;
  if (packet.family === 'other') return undefined;
  const kept = event.table === TABLE.copy;
  const mac = kept ? keptMac(event) : (packet.ethSrc ?? 0);
  const shown = {
    address: packet.family === 'ipv6' ? hexToIpv6(packet.ip6Src) : numberToIpv4(packet.ipSrc),
    port: packet.udpSrc,
  };
  return { datapath, port: inPort, source: kept ? keptSource(event) : shown, ...(mac === 0 ? {} : { mac }) };
}
