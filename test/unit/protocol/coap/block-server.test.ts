import assert from 'node:assert/strict';
import { blockBytes } from '../../../../protocol/coap/block.js';
import type { Message } from '../../../../protocol/coap/codec.js';
import { requestOptions, responseOf, type WireRequest, type WireResponse } from '../../../../protocol/coap/options.js';
import { METHODS } from '../../../../protocol/coap/codes.js';
import type { CoapHandler, CoapRequest } from '../../../../protocol/coap/types.js';
import { DEVICE, HOST, coapBed, message } from '../../../fakes/coap-bed.js';
import { block, bytes, same, written } from '../../../fakes/block-figures.js';

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
