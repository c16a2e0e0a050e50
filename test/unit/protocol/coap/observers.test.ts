import assert from 'node:assert/strict';
import { fault } from '../../../../protocol/errors.js';
import { NO_BYTES, type Message } from '../../../../protocol/coap/codec.js';
import { METHODS } from '../../../../protocol/coap/codes.js';
import { requestOptions, responseOf } from '../../../../protocol/coap/options.js';
import type { CoapEndpointOptions } from '../../../../protocol/coap/endpoint.js';
import type { CoapHandler, CoapResponse } from '../../../../protocol/coap/types.js';
import { DEVICE, HOST, coapBed, message, text } from '../../../fakes/coap-bed.js';

const GET = { method: 'GET', path: ['temperature'] } as const;
/** Type, code, Observe and payload: `CON 2.05 o12 18.5`. */
const told = (found: Message): string => {
  const response = responseOf(found);
  const observe = response.observe === undefined ? '' : ` o${response.observe}`;
  return `${found.type} ${found.code}${observe} ${text(response)}`.trim();
};
const empty = (type: 'ACK' | 'RST', messageId: number) => message({ type, code: '0.00', messageId, token: NO_BYTES });

/** A server with one resource, `temperature`, and a client by hand. */
function observed(options: Partial<CoapEndpointOptions> = {}) {
  const bed = coapBed();
  const { open, raw, clock, received } = bed;
  let state: CoapResponse | Error = { code: '2.05', payload: Buffer.from('1') };
  let reads = 0;
  const handler: CoapHandler = () => {
    reads++;
    if (state instanceof Error) throw state;
    return { ...state, observable: 'temperature' };
  };
  let number = 10;
  const server = open(HOST, handler, { observeNumbers: () => ++number, ...options });
  const client = raw(DEVICE);
  let messageId = 0;
  return {
    ...bed,
    server,
    reads: () => reads,
    send: (bytes: Uint8Array, port = client) => port.send(bytes, HOST),
    async ask(observe: number | undefined, token = 't', type: 'CON' | 'NON' = 'CON', port = client) {
      const options = requestOptions(observe === undefined ? GET : { ...GET, observe });
      port.send(message({ type, code: METHODS.GET, messageId: ++messageId, token: Buffer.from(token), options }), HOST);
      await clock.advance(1);
      return received.splice(0).map(told).join();
    },
    /** What the server sent since it was last asked for. */
    async news(waitMs = 1) {
      await clock.advance(waitMs);
      return received.splice(0);
    },
    async become(next: string | CoapResponse | Error) {
      state = typeof next === 'string' ? { code: '2.05', payload: Buffer.from(next) } : next;
      server.changed('temperature');
      await clock.advance(1);
      return received.splice(0);
    },
  };
}

describe('observation of a resource of ours (RFC 7641)', () => {
  it('tells each state to whoever registered, in numbers that grow, until it deregisters', async () => {
    const { server, ask, become, send } = observed();
    await using _ = server;
    assert.equal(server.isObserved, false);
    assert.deepEqual(await become('0'), []);
    assert.equal(await ask(undefined, 'u'), 'ACK 2.05 0');
    assert.equal(await ask(0), 'ACK 2.05 o11 0');
    assert.equal(server.isObserved, true);
    for (const state of ['2', '3']) {
      const [found] = await become(state);
      assert.ok(found);
      assert.equal(told(found), `CON 2.05 o${10 + Number(state)} ${state}`);
      assert.equal(Buffer.from(found.token).toString(), 't');
      send(empty('ACK', found.messageId));
    }
    assert.equal(await ask(1), 'ACK 2.05 3');
    assert.deepEqual(await become('4'), []);
    assert.equal(server.isObserved, false);
  });

  it('registers again by the same token in the place of the first, and apart by another token', async () => {
    const { server, ask, become } = observed();
    await using _ = server;
    await ask(0, 'a');
    await ask(0, 'a');
    assert.equal((await become('2')).length, 1);
    await ask(0, 'b');
    const found = await become('3');
    assert.deepEqual(
      found.map(({ token }) => Buffer.from(token).toString()),
      ['b'],
      'the other is not acknowledged yet',
    );
  });

  it('has one notification in flight, sends the newest state in its place, and all of it only as long as one', async () => {
    const { server, ask, become, news, send, counts } = observed();
    await using _ = server;
    await ask(0);
    const [first] = await become('2');
    for (const state of ['3', '4', '5']) assert.deepEqual(await become(state), []);
    const again = await news(3_000);
    assert.deepEqual(again.map(told), ['CON 2.05 o13 5'], 'the newest, with a number and a message id of its own');
    assert.notEqual(again[0]?.messageId, first?.messageId);
    send(empty('ACK', first!.messageId));
    assert.equal((await news(90_000)).length, 3, 'five transmissions in all, as of one message');
    assert.equal(server.isObserved, false, 'whoever never acknowledges is forgotten');
    assert.equal(counts.get('observerLost'), 1);
    assert.deepEqual(await become('6'), []);
  });

  it('sends the newest state once the one before is acknowledged', async () => {
    const { server, ask, become, news, send } = observed();
    await using _ = server;
    await ask(0);
    const [first] = await become('2');
    await become('3');
    await become('4');
    send(empty('ACK', first!.messageId));
    assert.deepEqual((await news()).map(told), ['CON 2.05 o13 4']);
  });

  it('forgets whoever resets a notification, confirmable or not', async () => {
    const { server, ask, become, send, news } = observed();
    await using _ = server;
    await ask(0);
    const [first] = await become('2');
    send(empty('RST', first!.messageId));
    await news();
    assert.equal(server.isObserved, false);
    await ask(0, 'n', 'NON');
    const [confirmed] = await become('3');
    send(empty('ACK', confirmed!.messageId));
    await news(1_000);
    const [plain] = await become('4');
    assert.equal(plain?.type, 'NON');
    send(empty('RST', plain.messageId));
    await news();
    assert.equal(server.isObserved, false);
  });

  it('notifies who asked by non-confirmable messages so, at most once in a round trip, one in five confirmable', async () => {
    const { server, ask, become, send, news } = observed();
    await using _ = server;
    assert.equal(await ask(0, 't', 'NON'), 'NON 2.05 o11 1');
    const types: string[] = [];
    for (let state = 0; state < 12; state++) {
      const [found] = await become(String(state));
      types.push(found?.type ?? 'none');
      await news(50);
      if (found?.type === 'CON') send(empty('ACK', found.messageId));
      await news(1_000);
    }
    assert.equal(types.join(' '), 'CON NON NON NON NON CON NON NON NON NON CON NON');
    const [quick] = await become('x');
    assert.equal(quick?.type, 'NON');
    const [quicker] = await become('y');
    assert.equal(quicker?.type, 'CON', 'sooner than a round trip');
  });

  it('ends with an answer that is no success, which bears no number', async () => {
    for (const end of [fault('DRAINING', 'gone'), { code: '4.04' }, { code: '2.05', maxAgeS: -1 }]) {
      const { server, ask, become, news } = observed();
      await using _ = server;
      await ask(0);
      const [found] = await become(end);
      assert.match(told(found!), /^CON (5.03 DRAINING: gone|4.04|5.00)$/);
      assert.equal((await news(3_000)).length, 1, 'it is sent until it is acknowledged');
      assert.equal(server.isObserved, false);
    }
  });

  it('takes no observation of what is no success, and none beyond its bounds', async () => {
    const { server, ask, become, raw, counts } = observed({
      params: { maxObservationsPerPeer: 2, maxObservations: 3 },
    });
    await using _ = server;
    await become({ code: '4.04' });
    assert.equal(await ask(0), 'ACK 4.04');
    await become('1');
    const other = raw({ ...DEVICE, port: 9 });
    for (const [token, port, isTaken] of [
      ['a', undefined, true],
      ['b', undefined, true],
      ['c', undefined, false],
      ['a', undefined, true],
      ['d', other, true],
      ['e', other, false],
    ] as const)
      assert.equal(/ o\d+/.test(await ask(0, token, 'CON', port)), isTaken, token);
    assert.equal(counts.get('observationRefused'), 2);
    await ask(1, 'b');
    assert.match(await ask(0, 'c'), / o\d+/);
  });

  it('tells a change that came while the registration was answered', async () => {
    const { open, raw, clock, received } = coapBed();
    let state = 'old';
    let answer = (): void => undefined;
    await using server = open(HOST, async () => {
      const payload = Buffer.from(state);
      await new Promise<void>(resolve => (answer = resolve));
      return { code: '2.05', payload, observable: 'x' };
    });
    const client = raw(DEVICE);
    client.send(message({ code: METHODS.GET, options: requestOptions({ ...GET, observe: 0 }) }), HOST);
    await clock.advance(1);
    state = 'new';
    assert.equal(server.isObserved, true, 'whoever tells of changes must not leave this one out');
    server.changed('x');
    answer();
    await clock.advance(1);
    assert.deepEqual(received.splice(0).map(text), ['old']);
    answer();
    await clock.advance(1);
    assert.deepEqual(received.map(text), ['new']);
  });

  it('cuts a large state into blocks, the first with its number, the others of the same state', async () => {
    const { open, raw, clock, received } = coapBed();
    let fill = 1;
    await using server = open(HOST, () => ({ code: '2.05', payload: new Uint8Array(40).fill(fill), observable: 'x' }), {
      params: { blockSzx: 0 },
    });
    const client = raw(DEVICE);
    const ask = (options: Parameters<typeof requestOptions>[0], messageId: number) =>
      client.send(message({ code: METHODS.GET, messageId, options: requestOptions(options) }), HOST);
    ask({ ...GET, observe: 0 }, 1);
    await clock.advance(1);
    fill = 2;
    server.changed('x');
    await clock.advance(1);
    fill = 3;
    ask({ ...GET, block2: { num: 2, more: false, szx: 0 } }, 2);
    await clock.advance(1);
    const found = received.map(responseOf);
    assert.deepEqual(
      found.map(({ block2, payload, observe }) => [block2?.num, block2?.more, payload?.[0], observe !== undefined]),
      [
        [0, true, 1, true],
        [0, true, 2, true],
        [2, false, 2, false],
      ],
    );
  });
});
