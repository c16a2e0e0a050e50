import assert from 'node:assert/strict';
import fc from 'fast-check';
import { pingOf, sightsOf, unwrapper } from '../../../../bench/network/drive-log.js';
import type { Datagram } from '../../../../bench/network/pcap.js';

const datagram = (atMs: number, hex: string): Datagram => ({
  ...{ atMs, src: '10.112.0.1', srcPort: 5683, dst: '10.64.0.1', dstPort: 5683 },
  payload: Buffer.from(hex, 'hex'),
});

describe('numbered datagrams', () => {
  it('are CoAP pings and their resets, and nothing else is', () => {
    assert.deepEqual(pingOf(datagram(0, '4000fffe')), { kind: 'ping', id: 0xfffe });
    assert.deepEqual(pingOf(datagram(0, '70000102')), { kind: 'answer', id: 0x0102 });
    for (const other of ['60000102', '50000102', '40010102', '400001', '4000010203', ''])
      assert.equal(pingOf(datagram(0, other)), undefined, other);
  });

  it('go on beyond 2^16, also where some are lost or overtake others', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -300, max: 3_000 }), { maxLength: 400 }), steps => {
        const whole = unwrapper();
        let number = 0;
        for (const step of steps) {
          number = Math.max(0, number + step);
          assert.equal(whole(number & 0xffff), number);
        }
      }),
    );
  });

  it('are seen where the caller says, or left out', () => {
    const seen = sightsOf([datagram(1, '40000000'), datagram(2, '70000000'), datagram(3, '40000001')], 'ping', one =>
      one.atMs === 3 ? undefined : 'edge-1',
    );
    assert.deepEqual(seen, [{ atMs: 1, number: 0, where: 'edge-1' }]);
  });
});
