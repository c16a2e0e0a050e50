import assert from 'node:assert/strict';
import fc from 'fast-check';
import { blockBytes, type Block } from '../../../../protocol/coap/block.js';
import { MAX_DATAGRAM_BYTES, type Message } from '../../../../protocol/coap/codec.js';
import {
  isRefusal,
  requestOf,
  requestOptions,
  responseOf,
  responseOptions,
  type WireRequest,
  type WireResponse,
} from '../../../../protocol/coap/options.js';
import { METHODS } from '../../../../protocol/coap/codes.js';
import type { CoapHandler, CoapRequest } from '../../../../protocol/coap/types.js';
import { DEVICE, HOST, coapBed, message } from '../../../fakes/coap-bed.js';

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);
const same = (found: Uint8Array | undefined, wanted: Uint8Array): void =>
  assert.ok(Buffer.compare(found ?? new Uint8Array(0), wanted) === 0, 'the bodies are equal');

/** As RFC 7959 writes it in its figures: `0/1/128`. */
const block = (text: string): Block => {
  const [num = 0, more = 0, size = 0] = text.split('/').map(Number);
  return { num, more: more === 1, szx: Math.log2(size) - 4 };
};
const written = (name: string, found: Block | undefined): string =>
  found === undefined ? '' : ` ${name}:${found.num}/${found.more ? 1 : 0}/${blockBytes(found.szx)}`;
const told = (found: Message): string => {
  const response = responseOf(found);
  return `${found.code}${written('1', response.block1)}${written('2', response.block2)}`;
};

/** A server of ours, asked message by message as in the figures; each step is a request and the answer that must come. */
async function figure(
  handler: CoapHandler,
  steps: readonly (readonly [ask: string, answer: string])[],
  body: Uint8Array = new Uint8Array(0),
  blockSzx = 3,
) {
  const { open, raw, clock, received } = coapBed();
  await using _ = open(HOST, handler, { params: { blockSzx } });
  const device = raw(DEVICE);
  const answers: WireResponse[] = [];
  for (const [i, [ask, answer]] of steps.entries()) {
    const [method = 'GET', ...blocks] = ask.split(' ');
    const wire: WireRequest = {
      method: method as 'GET',
      path: ['status'],
      ...Object.fromEntries(blocks.map(text => [`block${text[0]}`, block(text.slice(2))])),
    };
    const { block1 } = wire;
    const from = (block1?.num ?? 0) * blockBytes(block1?.szx ?? 0);
    const payload = block1 === undefined ? body.subarray(0, 0) : body.slice(from, from + blockBytes(block1.szx));
    device.send(message({ code: METHODS[wire.method], messageId: i, options: requestOptions(wire), payload }), HOST);
    await clock.advance(1);
    const [found] = received.splice(0);
    assert.ok(found);
    assert.equal(told(found), answer, `answer ${i} to ${ask}`);
    answers.push(responseOf(found));
  }
  return answers;
}

describe('block-wise transfer as a server', () => {
  const status: CoapHandler = () => ({ code: '2.05', payload: bytes(300) });
  const joined = (answers: readonly WireResponse[]) => Buffer.concat(answers.map(({ payload }) => payload ?? bytes(0)));

  it('hands out a body block by block (RFC 7959, figure 2)', async () => {
    const answers = await figure(status, [
      ['GET', '2.05 2:0/1/128'],
      ['GET 2:1/0/128', '2.05 2:1/1/128'],
      ['GET 2:2/0/128', '2.05 2:2/0/128'],
    ]);
    same(joined(answers), bytes(300));
    assert.equal(answers[0]?.size2, 300);
    assert.equal(new Set(answers.map(({ etag }) => Buffer.from(etag ?? []).toString('hex'))).size, 1);
  });

  it('takes a smaller size that is asked for first (figure 3)', async () => {
    const answers = await figure(status, [
      ['GET 2:0/0/64', '2.05 2:0/1/64'],
      ['GET 2:1/0/64', '2.05 2:1/1/64'],
      ['GET 2:2/0/64', '2.05 2:2/1/64'],
      ['GET 2:3/0/64', '2.05 2:3/1/64'],
      ['GET 2:4/0/64', '2.05 2:4/0/64'],
    ]);
    same(joined(answers), bytes(300));
  });

  it('takes a smaller size that is asked for late (figure 4)', async () => {
    const answers = await figure(status, [
      ['GET', '2.05 2:0/1/128'],
      ['GET 2:2/0/64', '2.05 2:2/1/64'],
      ['GET 2:3/0/64', '2.05 2:3/1/64'],
      ['GET 2:4/0/64', '2.05 2:4/0/64'],
    ]);
    same(joined(answers), bytes(300));
  });

  it('counts in its own size where a larger one is asked for', async () => {
    await figure(status, [
      ['GET 2:0/0/1024', '2.05 2:0/1/128'],
      ['GET 2:1/0/256', '2.05 2:2/0/128'],
    ]);
  });

  it('puts an upload together and calls its handler once, with all of it (figure 7)', async () => {
    const got: CoapRequest[] = [];
    const taken: CoapHandler = request => {
      got.push(request);
      return { code: '2.04' };
    };
    await figure(
      taken,
      [
        ['PUT 1:0/1/128', '2.31 1:0/1/128'],
        ['PUT 1:1/1/128', '2.31 1:1/1/128'],
        ['PUT 1:2/0/128', '2.04 1:2/0/128'],
      ],
      bytes(300),
    );
    assert.equal(got.length, 1);
    same(got[0]?.payload, bytes(300));
    assert.deepEqual(Object.keys(got[0] ?? {}).sort(), ['method', 'path', 'payload']);
  });

  it('asks for smaller blocks with its first answer (figure 8)', async () => {
    const got: CoapRequest[] = [];
    await figure(
      request => {
        got.push(request);
        return { code: '2.04' };
      },
      [
        ['PUT 1:0/1/128', '2.31 1:0/1/32'],
        ['PUT 1:4/1/32', '2.31 1:4/1/32'],
        ['PUT 1:5/1/32', '2.31 1:5/1/32'],
        ['PUT 1:6/0/32', '2.04 1:6/0/32'],
      ],
      bytes(200),
      1,
    );
    same(got[0]?.payload, bytes(200));
  });

  it('answers an upload in blocks, too (figure 11)', async () => {
    const answers = await figure(
      request => ({ code: '2.04', payload: Buffer.concat([request.payload ?? bytes(0), bytes(10)]) }),
      [
        ['POST 1:0/1/128', '2.31 1:0/1/128'],
        ['POST 1:1/1/128', '2.31 1:1/1/128'],
        ['POST 1:2/0/128', '2.04 1:2/0/128 2:0/1/128'],
        ['POST 2:1/0/128', '2.04 2:1/1/128'],
        ['POST 2:2/0/128', '2.04 2:2/0/128'],
      ],
      bytes(300),
    );
    same(joined(answers.slice(2)), Buffer.concat([bytes(300), bytes(10)]));
  });

  it('keeps the body of one state while it is fetched, and reads a GET anew where it is not kept', async () => {
    let state = 0;
    const changing: CoapHandler = () => ({ code: '2.05', payload: new Uint8Array(300).fill(++state) });
    const answers = await figure(changing, [
      ['GET', '2.05 2:0/1/128'],
      ['GET 2:1/0/128', '2.05 2:1/1/128'],
      ['GET', '2.05 2:0/1/128'],
      ['GET 2:2/0/128', '2.05 2:2/0/128'],
    ]);
    assert.deepEqual(
      answers.map(({ payload }) => payload?.[0]),
      [1, 1, 2, 2],
    );
    const [late] = await figure(changing, [['GET 2:1/0/128', '2.05 2:1/1/128']]);
    assert.equal(late?.payload?.[0], 3);
  });

  it('refuses what does not fit together', async () => {
    const none: CoapHandler = () => ({ code: '2.04' });
    await figure(none, [['PUT 1:1/1/128', '4.08']], bytes(300));
    await figure(none, [['POST 2:1/0/128', '4.08']]);
    await figure(status, [['GET 2:3/0/128', '4.00']]);
    await figure(
      none,
      [
        ['PUT 1:0/1/128', '2.31 1:0/1/128'],
        ['PUT 1:2/0/128', '4.08'],
        ['PUT 1:0/1/128', '2.31 1:0/1/128'],
        ['PUT 1:1/1/128', '4.00'],
        ['PUT 1:2/0/128', '4.08'],
      ],
      bytes(200),
    );
  });

  it('tells uploads apart by peer, resource and Request-Tag (RFC 9175 §3.3), and forgets them in time', async () => {
    const { open, raw, clock, received, counts } = coapBed();
    const got: string[] = [];
    const handler: CoapHandler = request => {
      got.push(Buffer.from(request.payload ?? []).toString('latin1'));
      return { code: '2.04' };
    };
    await using _ = open(HOST, handler, { params: { maxBodyBytes: 64, maxTransfersPerPeer: 4 } });
    const device = raw(DEVICE);
    const other = raw({ ...DEVICE, port: 9 });
    let messageId = 0;
    const put = async (num: number, fill: string, last: boolean, over: Partial<WireRequest> = {}, from = device) => {
      const block1 = { num, more: !last, szx: 0 };
      const options = requestOptions({ method: 'PUT', path: ['x'], block1, ...over });
      const payload = Buffer.from(fill.repeat(last ? 3 : 16));
      from.send(message({ code: METHODS.PUT, messageId: ++messageId, options, payload }), HOST);
      await clock.advance(1);
      return received.splice(0).map(told).join();
    };
    const tag = (text: string): Partial<WireRequest> => ({ requestTags: [Buffer.from(text)] });
    const empty: Partial<WireRequest> = { requestTags: [new Uint8Array(0)] };
    await put(0, 'a', false, tag('a'));
    await put(0, 'b', false, tag('b'));
    await put(0, 'c', false);
    await put(0, 'd', false, empty);
    await put(0, 'e', false, {}, other);
    assert.match(await put(1, 'e', true, {}, other), /^2.04/);
    assert.match(await put(1, 'a', true, tag('a')), /^2.04/);
    assert.match(await put(1, 'd', true, empty), /^2.04/);
    assert.match(await put(1, 'b', true, tag('b')), /^2.04/);
    assert.match(await put(1, 'c', true), /^2.04/);
    assert.deepEqual(
      got,
      ['e', 'a', 'd', 'b', 'c'].map(fill => fill.repeat(19)),
    );
    assert.equal(await put(1, 'c', true), '4.08');
    await put(0, 'f', false);
    await clock.advance(247_000);
    assert.equal(await put(1, 'f', true), '4.08');
    // Too large: said at once where it is told, else when it is seen.
    assert.match(await put(0, 'g', false, { size1: 65 }), /^4.13 1:0/);
    for (let num = 0; num < 4; num++) assert.match(await put(num, 'h', false), /^2.31/);
    assert.match(await put(4, 'h', true), /^4.13/);
    assert.equal(counts.get('blocksTooLarge'), 2);
    assert.equal(counts.get('blocksIncomplete'), 2);
    for (const text of ['1', '2', '3', '4', '5']) await put(0, text, false, tag(text));
    assert.equal(await put(1, '1', true, tag('1')), '4.08', 'the oldest of the peer went');
    assert.match(await put(1, '2', true, tag('2')), /^2.04/);
    // What is complete takes no place any more.
    await put(0, 'k', false, tag('k'));
    for (const text of ['l', 'm', 'n', 'o']) {
      await put(0, text, false, tag(text));
      await put(1, text, true, tag(text));
    }
    assert.match(await put(1, 'k', true, tag('k')), /^2.04/);
  });
});

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
