import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fault } from '../../../../protocol/errors.js';
import { NO_BYTES } from '../../../../protocol/coap/codec.js';
import type { CoapHandler, CoapRequest, CoapResponse } from '../../../../protocol/coap/types.js';
import { DEVICE, HOST, coapBed, message, shown } from '../../../fakes/coap-bed.js';

const GET: CoapRequest = { method: 'GET', path: ['s'] };

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

describe('the CoAP endpoint as a client', () => {
  const never: CoapHandler = () => ({ code: '4.04' });

  it('sends again at doubling intervals, five times in all, and gives up by COAP_TIMEOUT', async () => {
    const { open, raw, clock, received, counts } = coapBed();
    raw(HOST);
    await using client = open(DEVICE, never);
    const counted: number[] = [];
    const sentAtMs: number[] = [];
    const failed = assert.rejects(
      client.request(HOST, GET, {
        onTransmit: n => {
          counted.push(n);
          sentAtMs.push(clock.monotonicMs());
        },
      }),
      {
        code: 'COAP_TIMEOUT',
      },
    );
    await clock.advance(93_000);
    await failed;
    assert.deepEqual(counted, [1, 2, 3, 4, 5]);
    const waits = sentAtMs.slice(1).map((ms, i) => ms - (sentAtMs[i] ?? 0));
    assert.ok(waits[0]! >= 2_000 && waits[0]! <= 3_000, 'the first wait is within ACK_TIMEOUT * ACK_RANDOM_FACTOR');
    waits.slice(1).forEach((ms, i) => assert.ok(Math.abs(ms - 2 * waits[i]!) < 0.01));
    assert.equal(new Set(shown(received)).size, 1);
    assert.equal(counts.get('retransmission'), 4);
    assert.equal(clock.pending, 0);
  });

  it('waits after an empty acknowledgement without sending again, and not for ever', async () => {
    const { open, raw, clock, received } = coapBed();
    const host = raw(HOST);
    await using client = open(DEVICE, never);
    const failed = assert.rejects(client.request(HOST, GET, { timeoutMs: 60_000 }), { code: 'COAP_TIMEOUT' });
    await clock.advance(1);
    host.send(message({ type: 'ACK', code: '0.00', messageId: received[0]!.messageId, token: NO_BYTES }), DEVICE);
    await clock.advance(59_000);
    assert.equal(received.length, 1);
    await clock.advance(1_000);
    await failed;
  });

  it('takes a separate response before its acknowledgement, acknowledges each copy, and resets strangers', async () => {
    const { open, raw, clock, received } = coapBed();
    const host = raw(HOST);
    await using client = open(DEVICE, never);
    const response = client.request(HOST, GET);
    await clock.advance(1);
    const { token } = received.splice(0)[0]!;
    const separate = message({ code: '2.05', messageId: 77, token, payload: Buffer.from('v') });
    host.send(separate, DEVICE);
    host.send(separate, DEVICE);
    host.send(message({ code: '2.05', messageId: 78, token: Buffer.from('zz') }), DEVICE);
    await clock.advance(100_000);
    assert.equal(Buffer.from((await response).payload ?? []).toString(), 'v');
    assert.deepEqual(shown(received), ['ACK 0.00 77', 'ACK 0.00 77', 'RST 0.00 78']);
  });

  it('matches a piggy-backed response by message id, token and peer', async () => {
    const { open, raw, clock, received } = coapBed();
    const host = raw(HOST);
    const stranger = raw({ ...HOST, port: 9 });
    await using client = open(DEVICE, never);
    const response = client.request(HOST, GET);
    await clock.advance(1);
    const { token, messageId } = received[0]!;
    stranger.send(message({ type: 'ACK', code: '4.04', messageId, token }), DEVICE);
    host.send(message({ type: 'ACK', code: '4.04', messageId, token: Buffer.from('other') }), DEVICE);
    host.send(message({ type: 'ACK', code: '4.04', messageId: messageId ^ 1, token }), DEVICE);
    await clock.advance(1);
    host.send(message({ type: 'ACK', code: '2.05', messageId, token }), DEVICE);
    await clock.advance(1);
    assert.equal((await response).code, '2.05');
  });

  it('ends by COAP_RESET, COAP_BUSY, COAP_CLOSED, COAP_MALFORMED or the reason of the signal', async () => {
    const { open, raw, clock, received } = coapBed();
    const host = raw(HOST);
    const client = open(DEVICE, never, { params: { maxExchangesPerPeer: 2 } });
    const stop = new AbortController();
    const reset = assert.rejects(client.request(HOST, GET), { code: 'COAP_RESET' });
    const stopped = assert.rejects(client.request(HOST, GET, { signal: stop.signal }), /enough/);
    await assert.rejects(client.request(HOST, GET), { code: 'COAP_BUSY' });
    await clock.advance(1);
    host.send(message({ type: 'RST', code: '0.00', token: NO_BYTES, messageId: received[0]!.messageId }), DEVICE);
    stop.abort(new Error('enough'));
    await clock.advance(1);
    await Promise.all([reset, stopped]);
    const critical = assert.rejects(client.request(HOST, GET), { code: 'COAP_MALFORMED' });
    await clock.advance(1);
    const { token, messageId } = received.at(-1)!;
    host.send(
      message({ type: 'ACK', code: '2.05', token, messageId, options: [{ number: 9, value: NO_BYTES }] }),
      DEVICE,
    );
    await clock.advance(1);
    await critical;
    const closed = assert.rejects(client.request(HOST, GET), { code: 'COAP_CLOSED' });
    await client[Symbol.asyncDispose]();
    await closed;
    await assert.rejects(client.request(HOST, GET), { code: 'COAP_CLOSED' });
    await clock.advance(1);
    assert.equal(clock.pending, 0);
  });

  it('begins tokens as it is told, and sends at once when asked to', async () => {
    const { open, raw, clock, received } = coapBed();
    raw(HOST);
    await using client = open(DEVICE, never, { tokenPrefix: () => Uint8Array.of(0, 0, 5) });
    const stop = new AbortController();
    const ended = assert.rejects(
      client.request(HOST, GET, { signal: stop.signal, onOpen: running => running.retransmit() }),
    );
    await clock.advance(1);
    assert.equal(received.length, 2);
    assert.deepEqual([...received[0]!.token.subarray(0, 3)], [0, 0, 5]);
    assert.equal(received[0]!.token.length, 7);
    stop.abort();
    await ended;
  });

  it('refuses a request that fits no datagram', async () => {
    const { open } = coapBed();
    await using client = open(DEVICE, never);
    const path = Array.from({ length: 5 }, () => 'x'.repeat(255));
    await assert.rejects(client.request(HOST, { ...GET, path }), { code: 'REQUEST_INVALID' });
  });
});

describe('two CoAP endpoints on a bad link', () => {
  it('hand each request over at most once, and end each in its response or COAP_TIMEOUT', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.nat(),
          loss: fc.double({ min: 0, max: 0.6, noNaN: true }),
          duplicate: fc.double({ min: 0, max: 0.6, noNaN: true }),
          maxDelayMs: fc.nat(4_000),
          handlerMs: fc.array(fc.nat(3_000), { minLength: 1, maxLength: 8 }),
          confirmable: fc.boolean(),
        }),
        async ({ seed, handlerMs, confirmable, ...faults }) => {
          const { open, clock } = coapBed(faults, seed);
          const calls = new Map<string, number>();
          await using client = open(DEVICE, () => ({ code: '4.04' }));
          await using server = open(HOST, async request => {
            const [path = ''] = request.path;
            calls.set(path, (calls.get(path) ?? 0) + 1);
            await new Promise<void>(resolve => clock.after(handlerMs[Number(path)] ?? 0, resolve));
            return { code: '2.05', payload: Buffer.from(path) };
          });
          const outcomes = handlerMs.map((_, i) =>
            client.request(server.local, { method: 'POST', path: [String(i)] }, { confirmable }).then(
              response => Buffer.from(response.payload ?? []).toString(),
              (error: unknown) => (error as { code: string }).code,
            ),
          );
          await clock.advance(400_000);
          const ends = await Promise.all(outcomes);
          ends.forEach((end, i) => {
            assert.ok(end === String(i) || end === 'COAP_TIMEOUT', end);
            if (end === String(i)) assert.equal(calls.get(String(i)), 1);
            assert.ok((calls.get(String(i)) ?? 0) <= 1);
            if (faults.loss === 0) assert.equal(end, String(i));
          });
          assert.equal(clock.pending, 0, 'no timer is left');
        },
      ),
      { numRuns: 60 },
    );
  });
});
