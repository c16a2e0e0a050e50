import type { WireAction, WireFlow, WireInstruction, WireMatch } from '../../../sdn-app/switch/ryu/wire.js';

/** Every match field, action and instruction of the wire, each in a flow that Open vSwitch takes. */
export const COOKIE = 2 ** 52 + 77;
const MAC = '02:00:00:00:00:01';
const WIDE = '0x00112233445566778899aabbccddeeff';
const UDP = { eth_type: 0x0800, ip_proto: 17 };
const UDP6 = { eth_type: 0x86dd, ip_proto: 17 };
const ARP = { eth_type: 0x0806 };
const ND = { eth_type: 0x86dd, ip_proto: 58, icmpv6_type: 135 };
const ADVERTISEMENT = { ...ND, icmpv6_type: 136 };

export const flowOf = (match: WireMatch, instructions: WireInstruction[], more: Partial<WireFlow> = {}): WireFlow => ({
  table: 1,
  priority: 100,
  cookie: COOKIE,
  match,
  instructions,
  ...more,
});

export const MATCHES: readonly WireMatch[] = [
  {},
  { in_port: 3 },
  { metadata: [5, 0xffffffff] },
  { metadata: 5 },
  { eth_src: MAC },
  { eth_dst: ['01:00:00:00:00:00', '01:00:00:00:00:00'] },
  { vlan_vid: 0 },
  { vlan_vid: 0x1005 },
  { vlan_vid: [0x1000, 0x1000] },
  { ...UDP, ipv4_src: '10.0.0.1', ipv4_dst: ['10.64.0.0', '255.240.0.0'] },
  { ...UDP, udp_src: 5683, udp_dst: [0x8000, 0x8000] },
  { eth_type: 0x0800, ip_frag: 0 },
  { eth_type: 0x0800, ip_frag: [1, 1] },
  { ...UDP6, ipv6_src: 'fd00::1', ipv6_dst: ['fd00::', 'ffff:ffff:ffff:ffff::'], ip_frag: 0 },
  { ...ARP, arp_op: 1, arp_tpa: ['10.64.0.0', '255.240.0.0'], arp_spa: '1.2.3.4', arp_sha: MAC, arp_tha: MAC },
  { ...ND, ipv6_nd_target: ['fd00::', 'ffff::'], ipv6_nd_sll: MAC },
  { ...ADVERTISEMENT, ipv6_nd_target: 'fd00::1', ipv6_nd_tll: MAC },
  { ...ND, nd_reserved: 5, nd_options_type: 1 },
  { reg0: 5, reg1: [1, 3], reg4: 7, reg7: 0 },
];

/** Actions by the match that they need. */
const ACTIONS: readonly (readonly [WireMatch, readonly WireAction[]])[] = [
  [
    {},
    [
      ['set', 'eth_dst', MAC],
      ['set', 'eth_src', MAC],
      ['set', 'reg0', 7],
      ['set', 'metadata', 7],
      ['set', 'xxreg1', WIDE],
      ['load', 'reg1', 16, 16, 5],
      ['load', 'eth_src', 0, 48, 5],
      ['move', 'eth_src', 32, 'reg1', 16, 16],
      ['move', 'in_port', 0, 'reg2', 0, 16],
      ['move', 'eth_src', 0, 'eth_dst', 0, 48],
      ['output', 3],
      ['output', 'IN_PORT'],
      ['output', 'CONTROLLER'],
      ['output', 'NORMAL'],
      ['outputReg', 'reg2', 0, 16],
      ['outputReg', 'reg2', 3, 11],
    ],
  ],
  [
    UDP,
    [
      ['set', 'ipv4_src', '1.2.3.4'],
      ['set', 'udp_dst', 5683],
      ['load', 'udp_src', 11, 5, 3],
      ['move', 'in_port', 0, 'udp_src', 0, 11],
      ['move', 'ipv4_src', 0, 'reg0', 0, 32],
      ['move', 'udp_dst', 0, 'reg2', 0, 11],
    ],
  ],
  [
    UDP6,
    [
      ['set', 'ipv6_src', 'fd00::1'],
      ['move', 'ipv6_src', 0, 'xxreg1', 0, 128],
      ['move', 'xxreg1', 0, 'ipv6_dst', 0, 128],
    ],
  ],
  [
    ARP,
    [
      ['set', 'arp_op', 2],
      ['set', 'arp_sha', MAC],
      ['move', 'arp_tpa', 0, 'arp_spa', 0, 32],
      ['move', 'arp_sha', 0, 'arp_tha', 0, 48],
    ],
  ],
  [
    ND,
    [
      ['set', 'icmpv6_type', 136],
      ['set', 'ipv6_nd_sll', MAC],
      ['set', 'nd_reserved', 0xe0000000],
      ['set', 'nd_options_type', 2],
      ['move', 'ipv6_nd_target', 0, 'ipv6_src', 0, 128],
      ['move', 'ipv6_src', 0, 'ipv6_dst', 0, 128],
    ],
  ],
  [ADVERTISEMENT, [['set', 'ipv6_nd_tll', MAC]]],
];

const METER = 5;
export const NEEDED_METER = { op: 'meter', meter: METER, ratePerS: 5 } as const;

/** One flow for each sample, told apart by priority. */
export const SAMPLES: readonly WireFlow[] = [
  ...MATCHES.map(match => flowOf(match, [])),
  ...ACTIONS.flatMap(([match, actions]) => actions.map(action => flowOf(match, [['apply', [action]]]))),
  flowOf(UDP, [['apply', [['pushVlan'], ['set', 'vlan_vid', 0x1005], ['output', 3]]]]),
  flowOf({ vlan_vid: 0x1005 }, [['apply', [['popVlan'], ['output', 3]]]]),
  flowOf({}, [
    ['meter', METER],
    ['apply', [['output', 'CONTROLLER']]],
    ['metadata', 5, 0xff],
    ['goto', 9],
  ]),
  flowOf({}, [], { tellRemoved: true }),
].map((flow, index) => ({ ...flow, priority: 100 + index }));
