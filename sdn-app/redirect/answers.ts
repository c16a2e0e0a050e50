import { GATEWAY_MAC } from '../../protocol/addresses.js';
import type { Action, Bits, Field, Match } from '../switch/flow-switch.js';
import { FAMILIES, arpFor, exactly, familyOf, prefixesOf, solicitedFor, type Network } from './network.js';

/** Everything that has no machine behind it: twins, aliases, the gateway. Frames to it go to the gateway's MAC address. */
export function answers({ plan }: Network): { readonly match: Match; readonly actions: readonly Action[] }[] {
  const prefixes = FAMILIES.flatMap(family => Object.values(prefixesOf(plan, family) ?? {}) as string[]);
  const asked = [
    ...prefixes.map(first => ({ first, what: 'prefix' as const })),
    ...(plan.gateways ?? []).map(first => ({ first, what: 'address' as const })),
  ];
  return asked.map(({ first, what }) =>
    familyOf(first) === 'ipv4'
      ? { match: { etherType: 'arp', arpOp: exactly(REQUEST, 16), arpTpa: arpFor(first, what) }, actions: ARP_REPLY }
      : {
          match: { ipProto: ICMP6, icmp6Type: exactly(SOLICITATION, 8), ndTarget: solicitedFor(first, what) },
          actions: ADVERTISEMENT,
        },
  );
}

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
 * The solicitation turned into an advertisement. Open vSwitch judges fields by the match, where the packet is still a
 * solicitation: the address is written into its option as `nd_sll`, and the option's type changed.
 */
const ADVERTISEMENT: readonly Action[] = [
  ...BACK_FROM_GATEWAY,
  { do: 'moveWide', from: 'ip6Src', to: 'ip6Dst' },
  { do: 'moveWide', from: 'ndTarget', to: 'ip6Src' },
  { do: 'set', field: 'ndSll', value: GATEWAY_MAC },
  { do: 'set', field: 'ndOptionsType', value: TARGET_LINK_LAYER_ADDRESS },
  { do: 'set', field: 'ndReserved', value: SOLICITED_AND_OVERRIDE },
  { do: 'set', field: 'icmp6Type', value: ADVERTISEMENT_TYPE },
  { do: 'output', to: 'IN_PORT' },
];
