import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeFrame, encodeFrame } from '../../../../lab/network/frame.js';
import { toHex } from '../../../../common/hex.js';

const port = fc.integer({ min: 0, max: 0xffff });
const frame = fc.record({
  port,
  srcIp: fc.ipV4(),
  srcPort: port,
  dstIp: fc.ipV4(),
  dstPort: port,
  payload: fc.uint8Array({ maxLength: 1_152 }),
});

describe('a frame between router and switch', () => {
  it('comes back as it went in', () => {
    fc.assert(
      fc.property(frame, one => {
        const back = decodeFrame(encodeFrame(one));
        assert.deepEqual({ ...back, payload: toHex(back!.payload) }, { ...one, payload: toHex(one.payload) });
      }),
    );
  });

  it('is refused when it is shorter than its header, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 13 }), bytes => assert.equal(decodeFrame(bytes), undefined)));
  });
});
