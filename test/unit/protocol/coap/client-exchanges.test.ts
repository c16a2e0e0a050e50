import assert from 'node:assert/strict';
import { NO_BYTES } from '../../../../protocol/coap/codec.js';
import type { CoapHandler, CoapRequest } from '../../../../protocol/coap/types.js';
import { DEVICE, HOST, coapBed, message, shown } from '../../../fakes/coap-bed.js';

const GET: CoapRequest = { method: 'GET', path: ['s'] };

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
