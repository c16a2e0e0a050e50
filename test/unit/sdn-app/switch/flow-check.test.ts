import assert from 'node:assert/strict';
import { baseFlows } from '../../../../sdn-app/redirect/base.js';
import { vehicleFlows } from '../../../../sdn-app/redirect/vehicle.js';
import { refuseFlow } from '../../../../sdn-app/switch/flow-check.js';
import type { Flow } from '../../../../sdn-app/switch/flow-switch.js';
import { LOOPBACK_PLAN } from '../../../../protocol/addresses.js';
import { TOPOLOGY } from '../../../fakes/sdn-network.js';

const flow = (change: Partial<Flow>): Flow => ({ table: 1, priority: 1, cookie: 1, match: {}, actions: [], ...change });
const bits = (length: number, offset = 0) => ({ field: 'udpSrc' as const, offset, length });

describe('flow check', () => {
  const refused: readonly (readonly [string, Partial<Flow>, string])[] = [
    ['a table that is none', { table: 254 }, 'BAD_TABLE_ID'],
    ['a UDP port without its protocol', { match: { udpDst: { value: 1, mask: 0xffff } } }, 'BAD_PREREQ'],
    ['a value wider than its field', { match: { ipProto: 17, udpDst: { value: 70_000, mask: 0xffff } } }, 'BAD_VALUE'],
    ['bits outside the mask', { match: { ipDst: { value: 3, mask: 2 } } }, 'BAD_WILDCARDS'],
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

  it('takes every flow that the app makes', () => {
    const network = { plan: LOOPBACK_PLAN, datapath: 15 };
    const place = { port: 2047, source: { address: '127.112.0.1', port: 65_535 } };
    const host = { address: '127.96.0.1', port: 5683, outPort: 11 };
    const flows = [
      ...baseFlows(network, TOPOLOGY.switches[0]!.ports, TOPOLOGY.domains),
      ...vehicleFlows(network, {
        number: 2 ** 20 - 1,
        epoch: 2 ** 25,
        host,
        place,
        returns: [place],
        leaving: [{ host: { ...host, port: 1 }, epoch: 1 }],
      }),
    ];
    assert.deepEqual(
      flows.flatMap(each => refuseFlow(each) ?? []),
      [],
    );
  });
});
