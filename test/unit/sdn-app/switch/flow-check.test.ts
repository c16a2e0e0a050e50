import assert from 'node:assert/strict';
import { baseFlows } from '../../../../sdn-app/redirect/base.js';
import { vehicleFlows } from '../../../../sdn-app/redirect/vehicle.js';
import { refuseFlow } from '../../../../sdn-app/switch/flow-check.js';
import type { Flow } from '../../../../sdn-app/switch/flow-switch.js';
import { CAR, CAR6, EDGE1, EDGE2, FULL, PLAIN, at, networkOf, viewOf } from '../redirect/world.js';

const flow = (change: Partial<Flow>): Flow => ({ table: 1, priority: 1, cookie: 1, match: {}, actions: [], ...change });
const WIDE = { value: 'f'.repeat(32), mask: 'f'.repeat(32) };
const bits = (length: number, offset = 0) => ({ field: 'udpSrc' as const, offset, length });

describe('flow check', () => {
  const refused: readonly (readonly [string, Partial<Flow>, string])[] = [
    ['a table that is none', { table: 254 }, 'BAD_TABLE_ID'],
    ['a UDP port without its protocol', { match: { udpDst: { value: 1, mask: 0xffff } } }, 'BAD_PREREQ'],
    ['a field of neighbour discovery without its type', { match: { ndTarget: WIDE, ipProto: 58 } }, 'BAD_PREREQ'],
    [
      'an ARP field of an IPv4 packet',
      { match: { etherType: 'ipv4', arpOp: { value: 1, mask: 0xffff } } },
      'BAD_PREREQ',
    ],
    ['a fragment of any packet at all', { match: { fragment: 'yes' } }, 'BAD_PREREQ'],
    [
      'an IPv6 address with bits outside its mask',
      { match: { ip6Src: { ...WIDE, mask: '0'.repeat(32) } } },
      'BAD_WILDCARDS',
    ],
    ['an IPv6 address that is not 32 digits', { match: { ip6Src: { value: 'fd', mask: 'ff' } } }, 'BAD_VALUE'],
    ['a VLAN that is none', { match: { vlan: 4_096 } }, 'BAD_VALUE'],
    ['a MAC address wider than 48 bits', { match: { ethDst: { value: 2 ** 48, mask: 2 ** 48 } } }, 'BAD_VALUE'],
    ['a new IPv4 source for any packet', { actions: [{ do: 'set', field: 'ipSrc', value: 1 }] }, 'MATCH_INCONSISTENT'],
    ['the end of a tag that may not be there', { actions: [{ do: 'popVlan' }] }, 'MATCH_INCONSISTENT'],
    [
      "an advertisement's address in a solicitation",
      {
        match: { ipProto: 58, icmp6Type: { value: 135, mask: 0xff }, ndTarget: WIDE },
        actions: [{ do: 'set', field: 'ndTll', value: 1 }],
      },
      'MATCH_INCONSISTENT',
    ],
    ['a value wider than its field', { match: { ipProto: 17, udpDst: { value: 70_000, mask: 0xffff } } }, 'BAD_VALUE'],
    ['bits outside the mask', { match: { ipDst: { value: 3, mask: 2 } } }, 'BAD_WILDCARDS'],
    ['some bits of the operation of ARP', { match: { etherType: 'arp', arpOp: { value: 1, mask: 1 } } }, 'BAD_MASK'],
    [
      'a tag taken away twice',
      { match: { vlan: 5 }, actions: [{ do: 'popVlan' }, { do: 'popVlan' }] },
      'MATCH_INCONSISTENT',
    ],
    ['a way back to an earlier table', { actions: [{ do: 'goto', table: 1 }] }, 'BAD_TABLE_ID'],
    [
      'an action after goto',
      {
        actions: [
          { do: 'goto', table: 2 },
          { do: 'output', to: 'IN_PORT' },
        ],
      },
      'UNSUP_INST',
    ],
    [
      'a meter after an output',
      {
        actions: [
          { do: 'output', to: 'IN_PORT' },
          { do: 'meter', meter: 1 },
        ],
      },
      'UNSUP_INST',
    ],
    [
      'two meters',
      {
        actions: [
          { do: 'meter', meter: 1 },
          { do: 'meter', meter: 2 },
        ],
      },
      'UNSUP_INST',
    ],
    ['a move between unequal lengths', { actions: [{ do: 'move', from: bits(3), to: bits(4) }] }, 'BAD_ARGUMENT'],
    ['a move past the end of a field', { actions: [{ do: 'move', from: bits(9, 8), to: bits(9) }] }, 'BAD_ARGUMENT'],
    ['a load that does not fit', { actions: [{ do: 'load', to: bits(5, 11), value: 32 }] }, 'BAD_ARGUMENT'],
    ['a change of the in_port', { actions: [{ do: 'set', field: 'inPort', value: 1 }] }, 'BAD_SET_TYPE'],
    ['an output to port 0', { actions: [{ do: 'output', to: { port: 0 } }] }, 'BAD_OUT_PORT'],
    ['a cookie above 2^53', { cookie: 2 ** 54 }, 'UNKNOWN'],
  ];
  for (const [what, change, code] of refused)
    it(`refuses ${what} as ${code}`, () => assert.equal(refuseFlow(flow(change))?.code, code));

  it('takes every flow that the app makes, with moves and without', () => {
    const place = at(3, { source: { address: CAR6, port: 65_535 } });
    const other = at(2, { source: { address: CAR, port: 1 } });
    const view = viewOf({
      number: 2 ** 20 - 1,
      epoch: 2 ** 25,
      place,
      also: other,
      left: [at(1, { source: { address: CAR6, port: 2 } }), at(4), at(1)],
      returns: [other, at(4)],
      armed: [{ domain: 'edge-2', host: EDGE2 }],
      leaving: [{ host: { ...EDGE1, port: 1 }, epoch: 1 }],
    });
    for (const trust of ['lab', 'access', 'proof'] as const)
      for (const abilities of [FULL, PLAIN]) {
        const network = networkOf({ trust, abilities: () => abilities });
        const flows = [1, 2].flatMap(datapath => [
          ...baseFlows(network, datapath),
          ...vehicleFlows(network, datapath, view),
        ]);
        assert.deepEqual(
          flows.flatMap(each => refuseFlow(each) ?? []),
          [],
        );
      }
  });
});
