import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fault } from '../../../../protocol/errors.js';
import { NO_BYTES } from '../../../../protocol/coap/codec.js';
import type { CoapHandler, CoapResponse } from '../../../../protocol/coap/types.js';
import { DEVICE, HOST, coapBed, message, shown } from '../../../fakes/coap-bed.js';

/** A handler whose answer comes when the test says so. */
function slow() {
  const waiting: ((response: CoapResponse) => void)[] = [];
  let calls = 0;
  const handler: CoapHandler = () => {
    calls++;
    return new Promise(resolve => waiting.push(resolve));
  };
  return { handler, calls: () => calls, answer: (response: CoapResponse) => waiting.shift()?.(response) };
}

describe('the CoAP endpoint as a server', () => {
  it('hands a repeated request to its handler once and repeats the answer', async () => {
    const { open, raw, clock, received, counts } = coapBed();
    let calls = 0;
    await using _ = open(HOST, () => ({ code: '2.04', payload: Buffer.from(String(++calls)) }));
    const device = raw(DEVICE);
    for (let i = 0; i < 3; i++) device.send(message({}), HOST);
    await clock.advance(1);
    assert.deepEqual(shown(received), ['ACK 2.04 7', 'ACK 2.04 7', 'ACK 2.04 7']);
    assert.deepEqual(
      received.map(({ payload }) => Buffer.from(payload).toString()),
      ['1', '1', '1'],
    );
    assert.equal(counts.get('duplicate'), 2);
  });

  it('says nothing twice while the handler runs, then acknowledges, then answers until it is acknowledged', async () => {
    const { open, raw, clock, received } = coapBed();
    const { handler, calls, answer } = slow();
    await using _ = open(HOST, handler, { messageIds: () => 900 });
    const device = raw(DEVICE);
    device.send(message({}), HOST);
    device.send(message({}), HOST);
    await clock.advance(499);
    assert.deepEqual(shown(received), []);
    await clock.advance(2);
    assert.deepEqual(shown(received.splice(0)), ['ACK 0.00 7']);
    device.send(message({}), HOST);
    await clock.advance(1);
    assert.deepEqual(shown(received.splice(0)), ['ACK 0.00 7'], 'the empty acknowledgement is repeated');
    answer({ code: '2.05' });
    await clock.advance(3_100);
    assert.deepEqual(shown(received), ['CON 2.05 900', 'CON 2.05 900'], 'the response is sent again');
    assert.deepEqual(
      received.map(({ token }) => Buffer.from(token).toString()),
      ['t', 't'],
    );
    device.send(message({ type: 'ACK', code: '0.00', messageId: 900, token: NO_BYTES }), HOST);
    await clock.advance(200_000);
    assert.equal(received.length, 2);
    assert.equal(calls(), 1);
    assert.equal(clock.pending, 0);
  });

  it('answers a non-confirmable request once, by a non-confirmable response', async () => {
    const { open, raw, clock, received } = coapBed();
    await using _ = open(HOST, () => ({ code: '2.05' }), { messageIds: () => 5 });
    const device = raw(DEVICE);
    device.send(message({ type: 'NON' }), HOST);
    device.send(message({ type: 'NON' }), HOST);
    await clock.advance(1_000);
    assert.deepEqual(shown(received), ['NON 2.05 5']);
  });

  it('does not answer another message for one whose id came round again', async () => {
    const { open, raw, clock, received } = coapBed();
    let calls = 0;
    await using _ = open(HOST, () => ({ code: '2.04', payload: Buffer.from(String(++calls)) }));
    const device = raw(DEVICE);
    device.send(message({ token: Buffer.from('a') }), HOST);
    device.send(message({ token: Buffer.from('b') }), HOST);
    await clock.advance(1);
    assert.equal(calls, 2);
    assert.equal(received.length, 2);
  });

  it('knows a peer by its address alone where it is told to', async () => {
    const { open, raw, clock, counts } = coapBed();
    await using _ = open(HOST, () => ({ code: '2.04' }), { peerKey: peer => peer.address });
    raw(DEVICE).send(message({}), HOST);
    raw({ ...DEVICE, port: 2_049 }).send(message({}), HOST);
    await clock.advance(1);
    assert.equal(counts.get('duplicate'), 1);
  });

  it('turns errors into codes: those of the table by their status, all others into 5.00 without words', async () => {
    const { open, raw, clock, received, counts } = coapBed();
    const errors: unknown[] = [fault('VEHICLE_MISMATCH', 'car-1'), fault('DRAINING', 'x'), new TypeError('secret')];
    await using _ = open(HOST, (_request, exchange) =>
      exchange.messageId < 10 ? Promise.reject(errors[exchange.messageId] as Error) : { code: '2.05', maxAgeS: -1 },
    );
    const device = raw(DEVICE);
    for (const messageId of [0, 1, 2, 10]) device.send(message({ messageId }), HOST);
    await clock.advance(1);
    const answers = new Map(
      received.map(({ messageId, code, payload }) => [messageId, `${code} ${Buffer.from(payload).toString()}`]),
    );
    assert.deepEqual(
      [0, 1, 2, 10].map(id => answers.get(id)),
      ['4.03 VEHICLE_MISMATCH: car-1', '5.03 DRAINING: x', '5.00 ', '5.00 '],
    );
    assert.equal(counts.get('handlerFailed'), 2);
  });

  it('answers 5.03 at its bounds, and serves the same message later', async () => {
    const { open, raw, clock, received } = coapBed();
    const { handler, answer, calls } = slow();
    await using _ = open(HOST, handler, { params: { maxInboundPerPeer: 1 } });
    const device = raw(DEVICE);
    device.send(message({ messageId: 1 }), HOST);
    device.send(message({ messageId: 2 }), HOST);
    await clock.advance(1);
    assert.deepEqual(shown(received.splice(0)), ['ACK 5.03 2']);
    answer({ code: '2.04' });
    await clock.advance(1);
    device.send(message({ messageId: 2 }), HOST);
    await clock.advance(1);
    answer({ code: '2.04' });
    await clock.advance(1);
    assert.deepEqual(shown(received), ['ACK 2.04 1', 'ACK 2.04 2']);
    assert.equal(calls(), 2);
  });

  it('resets a ping, and gives no address more error replies than its budget', async () => {
    const { open, raw, clock, received, counts } = coapBed();
    await using _ = open(HOST, () => ({ code: '2.04' }), { params: { errorRepliesPerSecond: 3 } });
    const device = raw(DEVICE);
    device.send(message({ code: '0.00', token: NO_BYTES, messageId: 9 }), HOST);
    await clock.advance(1);
    assert.deepEqual(shown(received.splice(0)), ['RST 0.00 9']);
    for (let i = 0; i < 10; i++) device.send(Buffer.from('40010001ff', 'hex'), HOST);
    await clock.advance(1);
    assert.deepEqual(shown(received.splice(0)), ['ACK 4.00 1', 'ACK 4.00 1', 'ACK 4.00 1']);
    assert.equal(counts.get('malformedSilent'), 7);
    await clock.advance(1_000);
    device.send(Buffer.from('40010001ff', 'hex'), HOST);
    await clock.advance(1);
    assert.equal(received.length, 1);
  });

  it('survives any bytes', async () => {
    const { open, raw, clock } = coapBed();
    await using _ = open(HOST, () => ({ code: '2.04' }));
    const device = raw(DEVICE);
    device.onDatagram(() => undefined);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 30 }), async bytes => {
        const found = Uint8Array.from(bytes);
        if (found.length > 0) found[0] = 0x40 | ((found[0] ?? 0) & 0x3f);
        device.send(found, HOST);
        await clock.advance(0);
      }),
      { numRuns: 300 },
    );
  });
});
