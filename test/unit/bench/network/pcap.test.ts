import assert from 'node:assert/strict';
import { datagramOf, framesOf } from '../../../../bench/network/pcap.js';
import { ETHERNET, COOKED2, captureOf, ethernet, cooked, udp4 } from './capture-file.js';

describe('captures of tcpdump', () => {
  const datagram = udp4({ src: '10.112.0.1', srcPort: 5683, dst: '10.64.0.7', dstPort: 5683, payload: '40001234' });

  for (const little of [true, false])
    for (const [per, ticks, atMs] of [
      ['microseconds', 250, 1_700_000_000_000.25],
      ['nanoseconds', 250_000, 1_700_000_000_000.25],
    ] as const)
      it(`in ${per}, written on a ${little ? 'little' : 'big'}-endian machine`, () => {
        const file = captureOf([{ seconds: 1_700_000_000, ticks, bytes: ethernet(datagram) }], {
          little,
          per,
          linkType: ETHERNET,
        });
        const [frame, ...more] = [...framesOf(file)];
        assert.deepEqual([frame?.atMs, frame?.linkType, more.length], [atMs, ETHERNET, 0]);
        assert.deepEqual(Buffer.from(frame?.bytes ?? []), ethernet(datagram));
      });

  it('end where their writer was stopped: a frame that is cut is left out', () => {
    const frames = [1, 2].map(ticks => ({ seconds: 1, ticks, bytes: ethernet(datagram) }));
    const file = captureOf(frames, { linkType: ETHERNET });
    for (let cut = 1; cut < 16 + ethernet(datagram).length; cut++)
      assert.equal([...framesOf(file.subarray(0, file.length - cut))].length, 1, `cut by ${cut}`);
  });

  it('that are none are refused', () => {
    const file = captureOf([], { linkType: ETHERNET });
    assert.throws(() => [...framesOf(file.subarray(0, 23))], RangeError);
    assert.throws(() => [...framesOf(Buffer.from(file).fill(0, 0, 4))], RangeError);
  });
});

describe('the UDP datagram in a frame', () => {
  const words = { src: '10.112.0.1', srcPort: 5683, dst: '10.64.0.7', dstPort: 2_051, payload: '70001234' };
  const at = { atMs: 5, linkType: ETHERNET };

  it('over Ethernet, without the padding of a short frame', () => {
    const found = datagramOf({ ...at, bytes: Buffer.concat([ethernet(udp4(words)), Buffer.alloc(14)]) });
    const { payload, ...rest } = words;
    assert.deepEqual(found, { atMs: 5, ...rest, payload: Buffer.from(payload, 'hex') });
  });

  it('behind options of IPv4', () => {
    assert.equal(datagramOf({ ...at, bytes: ethernet(udp4({ ...words, optionWords: 3 })) })?.dstPort, 2_051);
  });

  it('of a capture on all devices, with the device and the direction', () => {
    for (const outgoing of [true, false]) {
      const bytes = cooked(udp4(words), { index: 17, outgoing });
      assert.deepEqual(datagramOf({ atMs: 5, linkType: COOKED2, bytes })?.device, { index: 17, outgoing });
    }
  });

  it('is not there in another protocol, a later fragment, another link type, or what the snap length left', () => {
    const whole = ethernet(udp4(words));
    assert.equal(datagramOf({ ...at, bytes: ethernet(udp4({ ...words, protocol: 6 })) }), undefined);
    assert.equal(datagramOf({ ...at, bytes: ethernet(udp4({ ...words, fragmentOffset: 1 })) }), undefined);
    assert.equal(datagramOf({ ...at, bytes: Buffer.from(whole).fill(0, 12, 14) }), undefined);
    assert.equal(datagramOf({ atMs: 5, linkType: 113, bytes: whole }), undefined);
    for (let length = 0; length < 14 + 20 + 8; length++)
      assert.equal(datagramOf({ ...at, bytes: whole.subarray(0, length) }), undefined, `${length} bytes`);
  });
});
