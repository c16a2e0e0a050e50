import assert from 'node:assert/strict';
import { encodeTag, ipv4ToNumber } from '../../../../protocol/addresses.js';
import { readCopy } from '../../../../sdn-app/attachment/copy.js';
import { encodeCookie, type Kind } from '../../../../sdn-app/redirect/cookie.js';
import { TABLE } from '../../../../sdn-app/redirect/network.js';
import type { PacketIn } from '../../../../sdn-app/switch/flow-switch.js';

const cookie = (kind: Kind): number => encodeCookie({ number: 7, epochLow: 3, kind });
const tag = (unconfirmed: boolean): number => encodeTag({ unconfirmed, datapath: 2, inPort: 5 });

/** A copy from the copy table: rewritten, with the first source in the registers. */
const copied = (unconfirmed: boolean, over: Partial<PacketIn> = {}): PacketIn => ({
  datapath: 2,
  inPort: 5,
  table: TABLE.copy,
  cookie: cookie('copy'),
  metadata: 0,
  registers: [ipv4ToNumber('10.0.0.5'), 0x0200_1633, 0, 0x0000_0001],
  packet: { ipSrc: ipv4ToNumber('10.80.0.7'), ipDst: 0, udpSrc: tag(unconfirmed), udpDst: 5683 },
  ...over,
});
const PLACE = { datapath: 2, port: 5, source: { address: '10.0.0.5', port: 5683 }, mac: 0x02_00_00_00_00_01 };

describe('copy of a frame', () => {
  for (const unconfirmed of [false, true])
    it(`tells the vehicle, where its frame came from, and that its tag is ${unconfirmed ? 'un' : ''}confirmed`, () =>
      assert.deepEqual(readCopy(copied(unconfirmed)), {
        of: 'vehicle',
        number: 7,
        place: PLACE,
        tag: unconfirmed ? 'unconfirmed' : 'confirmed',
      }));

  it('is the same where an armed route took the frame', () =>
    assert.deepEqual(readCopy(copied(false, { cookie: cookie('armed') })), readCopy(copied(false))));

  const BEFORE = { ipSrc: ipv4ToNumber('10.0.0.5'), ipDst: 0, udpSrc: 0x9000, udpDst: 5683, ethSrc: PLACE.mac };
  for (const [kind, expected] of [
    ['backup', 'confirmed'],
    ['armed', 'confirmed'],
    ['unknown', 'unconfirmed'],
  ] as const)
    it(`is known by its flow (${kind}) where it was copied before it was rewritten`, () =>
      assert.deepEqual(readCopy(copied(false, { table: TABLE.wayIn, cookie: cookie(kind), packet: BEFORE })), {
        of: 'vehicle',
        number: 7,
        place: { ...PLACE, source: { address: '10.0.0.5', port: 0x9000 } },
        tag: expected,
      }));

  it('is of nobody where no vehicle has the address', () =>
    assert.deepEqual(readCopy(copied(false, { cookie: encodeCookie({ number: 0, epochLow: 0, kind: 'base' }) })), {
      of: 'nobody',
    }));

  it('is foreign where the flow is not ours, is none that copies, or the packet is no datagram', () => {
    for (const over of [
      { cookie: 42 },
      { table: TABLE.wayIn, cookie: cookie('path'), packet: BEFORE },
      { packet: { family: 'other' } },
    ] as const)
      assert.deepEqual(readCopy(copied(false, over)), { of: 'foreign' });
  });
});
