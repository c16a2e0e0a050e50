import assert from 'node:assert/strict';
import fc from 'fast-check';
import { blockBytes } from '../../../../protocol/coap/block.js';
import { MAX_DATAGRAM_BYTES } from '../../../../protocol/coap/codec.js';
import {
  isRefusal,
  requestOf,
  responseOptions,
  type WireRequest,
  type WireResponse,
} from '../../../../protocol/coap/options.js';
import type { CoapHandler, CoapRequest } from '../../../../protocol/coap/types.js';
import { DEVICE, HOST, coapBed, message } from '../../../fakes/coap-bed.js';
import { block, bytes, same, written } from '../../../fakes/block-figures.js';

describe('block-wise transfer as a client', () => {
  /** A server by hand: each request is answered by the next of `answers`. */
  async function scripted(
    request: CoapRequest,
    answers: readonly ((asked: WireRequest) => WireResponse)[],
    blockSzx?: number,
  ) {
    const { open, raw, clock, received } = coapBed();
    const host = raw(HOST);
    await using client = open(DEVICE, () => ({ code: '4.04' }));
    const asked: string[] = [];
    const tags = new Set<string>();
    const result = client.request(HOST, request, blockSzx === undefined ? {} : { blockSzx }).then(
      response => response,
      (error: unknown) => (error as { code: string }).code,
    );
    for (const answer of answers) {
      await clock.advance(1);
      const [found] = received.splice(0);
      assert.ok(found, `a request after ${asked.join(', ')}`);
      const wire = requestOf(found);
      assert.ok(!isRefusal(wire));
      asked.push(`${wire.method}${written('1', wire.block1)}${written('2', wire.block2)}`);
      if (wire.block1 !== undefined) tags.add(Buffer.from(wire.requestTags?.[0] ?? []).toString('hex'));
      const { payload = bytes(0), ...response } = answer(wire);
      const { messageId, token } = found;
      const options = responseOptions(response);
      host.send(message({ type: 'ACK', code: response.code, messageId, token, options, payload }), DEVICE);
    }
    await clock.advance(1);
    assert.deepEqual(received, [], 'nothing more is asked');
    return { result: await result, asked, tags: tags.size };
  }
  const etag = Buffer.from('e');
  const part =
    (text: string, fill: number, over: Partial<WireResponse> = {}) =>
    (): WireResponse => {
      const block2 = block(text);
      return {
        code: '2.05',
        etag,
        block2,
        payload: new Uint8Array(block2.more ? blockBytes(block2.szx) : 5).fill(fill),
        ...over,
      };
    };
  const go = ({ block1 }: WireRequest): WireResponse => ({ code: '2.31', ...(block1 === undefined ? {} : { block1 }) });
  const GET: CoapRequest = { method: 'GET', path: ['x'] };
  const put = (length: number): CoapRequest => ({ method: 'PUT', path: ['x'], payload: bytes(length) });

  it('fetches a body block by block, in the size that the server chose', async () => {
    const { result, asked } = await scripted(GET, [part('0/1/128', 1), part('1/1/128', 2), part('2/0/128', 3)]);
    assert.deepEqual(asked, ['GET', 'GET 2:1/0/128', 'GET 2:2/0/128']);
    assert.ok(typeof result === 'object');
    same(
      result.payload,
      Buffer.concat([new Uint8Array(128).fill(1), new Uint8Array(128).fill(2), new Uint8Array(5).fill(3)]),
    );
    assert.deepEqual(Object.keys(result).sort(), ['code', 'etag', 'payload']);
  });

  it('asks for its size at once, and goes on in it', async () => {
    const { asked } = await scripted(GET, [part('0/1/64', 1), part('1/0/64', 2)], 2);
    assert.deepEqual(asked, ['GET 2:0/0/64', 'GET 2:1/0/64']);
  });

  it('begins anew where the body changes meanwhile, and gives up where it changes each time', async () => {
    const other = { etag: Buffer.from('f') };
    const { result, asked } = await scripted(GET, [
      part('0/1/128', 1),
      part('1/1/128', 2, other),
      part('0/1/128', 3, other),
      part('1/0/128', 4, other),
    ]);
    assert.deepEqual(asked, ['GET', 'GET 2:1/0/128', 'GET', 'GET 2:1/0/128']);
    assert.ok(typeof result === 'object' && result.payload?.[0] === 3);
    const turns = [part('0/1/128', 1), part('1/1/128', 2, other)];
    assert.equal((await scripted(GET, [...turns, ...turns, ...turns, ...turns])).result, 'COAP_BLOCKS');
  });

  it('takes no block that it did not ask for, and tells an error on the way', async () => {
    assert.equal((await scripted(GET, [part('0/1/128', 1), part('2/0/128', 2)])).result, 'COAP_BLOCKS');
    assert.equal((await scripted(GET, [part('0/1/128', 1), part('0/1/128', 1)])).result, 'COAP_BLOCKS');
    assert.equal((await scripted(GET, [part('1/0/128', 1)])).result, 'COAP_BLOCKS');
    assert.equal((await scripted(GET, [part('0/1/128', 1, { payload: bytes(3) })])).result, 'COAP_BLOCKS');
    const { result } = await scripted(GET, [part('0/1/128', 1), () => ({ code: '5.03' })]);
    assert.ok(typeof result === 'object' && result.code === '5.03');
  });

  it('sends a body in blocks with one Request-Tag, in smaller ones where it is told so', async () => {
    const { asked, tags } = await scripted(put(2_500), [go, go, () => ({ code: '2.04' })]);
    assert.deepEqual(asked, ['PUT 1:0/1/1024', 'PUT 1:1/1/1024', 'PUT 1:2/0/1024']);
    assert.equal(tags, 1);
    const smaller = (found: WireRequest): WireResponse => ({ ...go(found), block1: block('0/1/512') });
    const late = await scripted(put(2_500), [smaller, go, go, () => ({ code: '2.04' })]);
    assert.deepEqual(late.asked, ['PUT 1:0/1/1024', 'PUT 1:2/1/512', 'PUT 1:3/1/512', 'PUT 1:4/0/512']);
    const tooLarge = (): WireResponse => ({ code: '4.13', block1: block('0/0/256') });
    const refused = await scripted(put(1_100), [tooLarge, go, go, go, go, () => ({ code: '2.04' })]);
    assert.deepEqual(refused.asked.slice(0, 3), ['PUT 1:0/1/1024', 'PUT 1:0/1/256', 'PUT 1:1/1/256']);
    const whole = await scripted(put(300), [tooLarge, go, () => ({ code: '2.04' })]);
    assert.deepEqual(whole.asked, ['PUT', 'PUT 1:0/1/256', 'PUT 1:1/0/256']);
  });

  it('begins an upload anew, with another tag, where the server lost it', async () => {
    const lost = (): WireResponse => ({ code: '4.08' });
    const { asked, tags, result } = await scripted(put(1_500), [go, lost, go, () => ({ code: '2.04' })]);
    assert.deepEqual(asked, ['PUT 1:0/1/1024', 'PUT 1:1/0/1024', 'PUT 1:0/1/1024', 'PUT 1:1/0/1024']);
    assert.equal(tags, 2);
    assert.ok(typeof result === 'object' && result.code === '2.04');
    const never = await scripted(put(1_500), [lost, lost, lost, lost]);
    assert.ok(typeof never.result === 'object' && never.result.code === '4.08');
    assert.equal((await scripted(put(1_500), [() => ({ code: '2.04' })])).result, 'COAP_BLOCKS');
  });

  it('runs out of time over all blocks together', async () => {
    const { open, clock } = coapBed({ maxDelayMs: 400 });
    let calls = 0;
    await using server = open(HOST, () => ({ code: calls++ === 0 ? '2.04' : '5.00' }));
    await using client = open(DEVICE, () => ({ code: '4.04' }));
    const failed = assert.rejects(client.request(server.local, put(60_000), { timeoutMs: 10_000 }), {
      code: 'COAP_TIMEOUT',
    });
    await clock.advance(10_001);
    await failed;
    assert.equal(calls, 0, 'no block of an upload is handed over alone');
    const done = client.request(server.local, put(60_000), { timeoutMs: 60_000 });
    await clock.advance(60_000);
    assert.equal((await done).code, '2.04');
  });
});

describe('block-wise transfer on a bad link', () => {
  it('gives bodies as they were, both ways, or an error, in datagrams that are never too large', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.nat(),
          loss: fc.double({ min: 0, max: 0.25, noNaN: true }),
          duplicate: fc.double({ min: 0, max: 0.4, noNaN: true }),
          maxDelayMs: fc.nat(2_000),
          up: fc.nat(9_000),
          down: fc.nat(9_000),
          clientSzx: fc.nat({ max: 6 }),
          serverSzx: fc.integer({ min: 3, max: 6 }),
          pathLength: fc.nat(255),
          parallel: fc.integer({ min: 1, max: 3 }),
        }),
        async ({ seed, up, down, clientSzx, serverSzx, pathLength, parallel, ...faults }) => {
          const { open, clock, link } = coapBed(faults, seed);
          let calls = 0;
          const handler: CoapHandler = request => {
            calls++;
            same(request.payload, bytes(up));
            return { code: '2.04', payload: bytes(down) };
          };
          await using server = open(HOST, handler, { params: { blockSzx: serverSzx } });
          await using client = open(DEVICE, () => ({ code: '4.04' }));
          const path = ['x'.repeat(pathLength)];
          const outcomes = Array.from({ length: parallel }, (_, i) =>
            client
              .request(
                server.local,
                { method: 'POST', path: [...path, `${i}`], payload: bytes(up) },
                { blockSzx: Math.max(clientSzx, 3) },
              )
              .then(
                response => {
                  assert.equal(response.code, '2.04');
                  same(response.payload, bytes(down));
                  return 'whole';
                },
                (error: unknown) => (error as { code: string }).code,
              ),
          );
          await clock.advance(20_000_000);
          for (const outcome of await Promise.all(outcomes)) {
            assert.ok(['whole', 'COAP_TIMEOUT', 'COAP_BLOCKS'].includes(outcome), outcome);
            if (faults.loss === 0) assert.equal(outcome, 'whole');
          }
          if (faults.loss === 0) assert.equal(calls, parallel, 'each body is handed over once');
          assert.ok(link.sent.every(({ bytes: sent }) => sent.length <= MAX_DATAGRAM_BYTES));
          assert.equal(clock.pending, 0, 'no timer is left');
        },
      ),
      { numRuns: 30 },
    );
  });
});
