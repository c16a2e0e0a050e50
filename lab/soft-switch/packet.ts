import { FIELD_BITS, WIDE_FIELDS, type Bits, type Field, type WideField } from '../../sdn-app/switch/flow-switch.js';

/** A packet on its way through the tables: every field that flows know, 0 where the packet has none. */
export type Headers = Record<Field, number> &
  Record<WideField, string> & {
    etherType: 'ipv4' | 'ipv6' | 'arp' | 'other';
    /** Id of its tag (802.1Q), 0 where it has none. */
    vlan: number;
    /** 17 is UDP, 58 ICMPv6. */
    ipProto: number;
    fragment: boolean;
  };

/** A packet as it enters or leaves: what is absent is 0; IPv4 where nothing else is said. */
export type Packet = Readonly<Partial<Headers>> & { readonly inPort: number };

const NO_WIDE = '0'.repeat(32);
const BLANK: Headers = {
  ...(Object.fromEntries(Object.keys(FIELD_BITS).map(field => [field, 0])) as Record<Field, number>),
  ...(Object.fromEntries(WIDE_FIELDS.map(field => [field, NO_WIDE])) as Record<WideField, string>),
  etherType: 'ipv4',
  vlan: 0,
  ipProto: 0,
  fragment: false,
};

/** The headers of a packet that enters a switch; metadata and registers begin at 0. */
export const headersOf = (packet: Packet): Headers => ({
  ...BLANK,
  ...packet,
  metadata: 0,
  reg0: 0,
  reg1: 0,
  reg2: 0,
  reg3: 0,
  wide1: NO_WIDE,
});

export const readBits = (headers: Headers, { field, offset, length }: Bits): number =>
  Math.floor(headers[field] / 2 ** offset) % 2 ** length;

export function writeBits(headers: Headers, bits: Bits, value: number): void {
  headers[bits.field] += (value - readBits(headers, bits)) * 2 ** bits.offset;
}
