import { GATEWAY_MAC } from '../../protocol/addresses.js';
import type { Action, Bits, Field, Flow } from '../switch/flow-switch.js';
import { FAMILIES, TABLE, arpFor, exactly, familyOf, prefixesOf, solicitedFor, type Network } from './network.js';

/**
 * Everything that has no machine behind it is answered by flows: twins, aliases, the gateway. Frames to it go to the
 * gateway's MAC address.
 */
export function answers({ plan }: Network): Row[] {
  const prefixes = FAMILIES.flatMap(family => {
    const found = prefixesOf(plan, family);
    return found === undefined ? [] : [found.twin, found.alias];
  });
  const asked = [
    ...prefixes.map(first => ({ first, what: 'prefix' as const })),
    ...(plan.gateways ?? []).map(first => ({ first, what: 'address' as const })),
  ];
  const rows = asked.map(({ first, what }): Row =>
    familyOf(first) === 'ipv4'
      ? {
          ...ASKED,
          match: { etherType: 'arp', arpOp: exactly(REQUEST, 16), arpTpa: arpFor(first, what) },
          actions: ARP_REPLY,
        }
      : {
          ...ASKED,
          match: { ipProto: ICMP6, icmp6Type: exactly(SOLICITATION, 8), ndTarget: solicitedFor(first, what) },
          actions: FROM_SOLICITATION,
        },
  );
  return asked.some(({ first }) => familyOf(first) === 'ipv6') ? [...rows, ADVERTISEMENT] : rows;
}

type Row = Pick<Flow, 'table' | 'priority' | 'match' | 'actions'>;
const ASKED = { table: TABLE.classify, priority: 350 } as const;

/** RFC 826. */
const REQUEST = 1;
const REPLY = 2;
/** RFC 4861 §4.3, §4.4, §4.6.1. */
const ICMP6 = 58;
const SOLICITATION = 135;
const ADVERTISEMENT_TYPE = 136;
const TARGET_LINK_LAYER_ADDRESS = 2;
const SOLICITED_AND_OVERRIDE = 0x6000_0000;

const all = (field: Field, length: number): Bits => ({ field, offset: 0, length });
const move = (from: Field, to: Field, length: number): Action => ({
  do: 'move',
  from: all(from, length),
  to: all(to, length),
});

const BACK_FROM_GATEWAY: readonly Action[] = [
  move('ethSrc', 'ethDst', 48),
  { do: 'set', field: 'ethSrc', value: GATEWAY_MAC },
];

/** The request turned into its reply, the way it came. */
const ARP_REPLY: readonly Action[] = [
  ...BACK_FROM_GATEWAY,
  { do: 'set', field: 'arpOp', value: REPLY },
  move('arpSha', 'arpTha', 48),
  { do: 'set', field: 'arpSha', value: GATEWAY_MAC },
  move('arpTpa', 'reg0', 32),
  move('arpSpa', 'arpTpa', 32),
  move('reg0', 'arpSpa', 32),
  { do: 'output', to: 'IN_PORT' },
];

/**
 * The solicitation turned into an advertisement, but for the address that it is about: Open vSwitch takes a flow's word for
 * what a packet is, and `nd_tll` is a field of advertisements, so that the next table writes it. (`nd_sll`, which may be set
 * here, is lost as soon as the option is of the other type.)
 */
const FROM_SOLICITATION: readonly Action[] = [
  ...BACK_FROM_GATEWAY,
  { do: 'moveWide', from: 'ip6Src', to: 'ip6Dst' },
  { do: 'moveWide', from: 'ndTarget', to: 'ip6Src' },
  { do: 'set', field: 'ndOptionsType', value: TARGET_LINK_LAYER_ADDRESS },
  { do: 'set', field: 'ndReserved', value: SOLICITED_AND_OVERRIDE },
  { do: 'set', field: 'icmp6Type', value: ADVERTISEMENT_TYPE },
  { do: 'goto', table: TABLE.advertise },
];

const ADVERTISEMENT: Row = {
  table: TABLE.advertise,
  priority: 100,
  match: { etherType: 'ipv6', ipProto: ICMP6, icmp6Type: exactly(ADVERTISEMENT_TYPE, 8) },
  actions: [
    { do: 'set', field: 'ndTll', value: GATEWAY_MAC },
    { do: 'output', to: 'IN_PORT' },
  ],
};
