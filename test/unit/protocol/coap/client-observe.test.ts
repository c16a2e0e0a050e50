import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NO_BYTES } from '../../../../protocol/coap/codec.js';
import { METHODS } from '../../../../protocol/coap/codes.js';
import { responseOptions, type WireResponse } from '../../../../protocol/coap/options.js';
import type { ObserveOptions, Peer } from '../../../../protocol/coap/types.js';
import { DEVICE, HOST, coapBed, message, text } from '../../../fakes/coap-bed.js';

const GET = { method: 'GET', path: ['temperature'] } as const;
describe('observation of a resource of a peer', () => {
  /** A server by hand. */
  function observing(options: ObserveOptions = {}) {
    const bed = coapBed();
    const host = bed.raw(HOST);
    const client = bed.open(DEVICE, () => ({ code: '4.04' }));
    const states: string[] = [];
    const ended = (async () => {
      for await (const state of client.observe(HOST, GET, options)) states.push(`${state.code} ${text(state)}`);
      return 'ended';
    })().catch((error: unknown) => String((error as { code?: string }).code ?? (error as Error).message));
    let messageId = 500;
    let token: Uint8Array = NO_BYTES;
    const send = async (type: 'ACK' | 'CON' | 'NON', response: WireResponse, id = ++messageId) => {
      const { code, payload = NO_BYTES } = response;
      host.send(message({ type, code, messageId: id, token, options: responseOptions(response), payload }), DEVICE);
      await bed.clock.advance(1);
    };
    const state = (value: string, observe?: number, maxAgeS = 60): WireResponse => ({
      code: '2.05',
      payload: Buffer.from(value),
      maxAgeS,
      ...(observe === undefined ? {} : { observe }),
    });
    /** Waits for a request and answers it; the request's token and Observe are told. */
    const answer = async (response: WireResponse): Promise<{ token: string; observe: string }> => {
      await bed.clock.advance(1);
      const asked = bed.received.splice(0).find(found => found.code === METHODS.GET);
      assert.ok(asked, 'a request');
      ({ token } = asked);
      await send('ACK', response, asked.messageId);
      const observe = asked.options.find(({ number }) => number === 6)?.value;
      return {
        token: Buffer.from(token).toString('hex'),
        observe: observe === undefined ? 'none' : String(observe[0] ?? 0),
      };
    };
    return { ...bed, client, states, ended, send, state, answer };
  }

  it('gives each newer state once, acknowledges what asks for it, and passes over what is older (RFC 7641 §3.4)', async () => {
    const { client, states, send, state, answer, received } = observing();
    await using _ = client;
    assert.equal((await answer(state('a', 12))).observe, '0');
    await send('NON', state('b', 44));
    await send('CON', state('c', 60), 700);
    await send('CON', state('c', 60), 700);
    await send('NON', state('old', 59));
    await send('CON', state('d', 2 ** 23 + 59));
    await send('NON', state('e', 10));
    assert.deepEqual(
      states.map(found => found.slice(5)),
      ['a', 'b', 'c', 'd', 'e'],
    );
    assert.deepEqual(
      received.map(({ type, messageId }) => `${type} ${messageId}`),
      ['ACK 700', 'ACK 700', 'ACK 503'],
    );
  });

  it('takes any number for newer after 128 s', async () => {
    const { client, states, send, state, answer, clock } = observing();
    await using _ = client;
    await answer(state('a', 1_000, 1_000));
    await clock.advance(127_000);
    await send('NON', state('old', 1));
    await clock.advance(1_500);
    await send('NON', state('b', 1));
    assert.deepEqual(states, ['2.05 a', '2.05 b']);
  });

  it('registers again, by the same token, some seconds after the newest state is stale', async () => {
    const { client, states, send, state, answer, received, clock } = observing();
    await using _ = client;
    const first = await answer(state('a', 5, 10));
    await clock.advance(9_000);
    await send('NON', state('b', 6, 10));
    await clock.advance(14_900);
    assert.deepEqual(received, [], 'neither while it is fresh nor within five seconds after');
    await clock.advance(10_200);
    const second = await answer(state('c', 2, 10));
    assert.deepEqual(second, { token: first.token, observe: '0' });
    assert.deepEqual(states, ['2.05 a', '2.05 b', '2.05 c'], 'a server that counts anew is believed');
    await send('NON', state('d', 3));
    assert.equal(states.at(-1), '2.05 d');
  });

  it('does not take a late notification for the answer to its registration', async () => {
    const { client, states, send, state, answer, received, clock } = observing();
    await using _ = client;
    await answer(state('a', 50, 10));
    await clock.advance(25_100);
    assert.ok(received.splice(0).length > 0, 'it registers again');
    await send('NON', state('old', 49));
    await answer(state('b', 51, 10));
    assert.deepEqual(states, ['2.05 a', '2.05 b']);
    await clock.advance(25_100);
    received.splice(0);
    await send('NON', state('counts anew', 1));
    received.splice(0);
    await send('NON', state('and anew', 2));
    assert.equal(states.at(-1), '2.05 and anew', 'the second time it is believed');
  });

  it('asks again in time where the server does not observe', async () => {
    const { client, states, state, answer, clock, send } = observing();
    await using _ = client;
    await answer(state('a', undefined, 2));
    await clock.advance(17_100);
    await answer(state('b', undefined, 2));
    await send('NON', state('no number'));
    assert.deepEqual(states, ['2.05 a', '2.05 b']);
  });

  it('ends after what is no success', async () => {
    for (const end of ['answer', 'notification']) {
      const { client, states, send, state, answer, ended, received } = observing();
      await using _ = client;
      await answer(end === 'answer' ? { code: '4.04' } : state('a', 1));
      if (end === 'notification') await send('CON', { code: '5.03' });
      assert.equal(await ended, 'ended');
      assert.match(states.at(-1) ?? '', /^(4.04|5.03) $/);
      assert.ok(
        received.every(({ code }) => code === '0.00'),
        'there is nothing to deregister',
      );
      await send('NON', state('late', 9));
      await send('CON', state('late', 10), 900);
      assert.deepEqual(
        received.slice(-2).map(({ type }) => type),
        ['RST', 'RST'],
      );
    }
  });

  it('deregisters when its signal is aborted, and resets what still comes', async () => {
    const stop = new AbortController();
    const { client, send, state, answer, ended } = observing({ signal: stop.signal });
    await using _ = client;
    const { token } = await answer(state('a', 1));
    stop.abort(new Error('enough'));
    assert.equal(await ended, 'enough');
    const leaving = await answer(state('a'));
    assert.deepEqual(leaving, { token, observe: '1' });
    await send('NON', state('b', 2));
  });

  it('rejects where nobody answers, where it is closed, and at its bound', async () => {
    const { clock, ended, client } = observing();
    await clock.advance(300_000);
    assert.equal(await ended, 'COAP_TIMEOUT');
    await client[Symbol.asyncDispose]();
    await assert.rejects(client.observe(HOST, GET).next(), { code: 'COAP_CLOSED' });
    const { open, clock: other } = coapBed();
    await using narrow = open(DEVICE, () => ({ code: '4.04' }), { params: { maxObservationsPerPeer: 1 } });
    const first = assert.rejects(narrow.observe(HOST, GET, { timeoutMs: 100 }).next(), { code: 'COAP_TIMEOUT' });
    await other.advance(1);
    await assert.rejects(narrow.observe(HOST, GET).next(), { code: 'COAP_BUSY' });
    await other.advance(100);
    await first;
    assert.equal(other.pending, 0);
  });
});

describe('observation on a bad link', () => {
  it('gives states in their order, and the last of them in the end (RFC 7641 §1.3)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.nat(),
          loss: fc.double({ min: 0, max: 0.4, noNaN: true }),
          duplicate: fc.double({ min: 0, max: 0.5, noNaN: true }),
          maxDelayMs: fc.nat(6_000),
          changesMs: fc.array(fc.nat(20_000), { minLength: 1, maxLength: 30 }),
          confirmable: fc.boolean(),
          large: fc.boolean(),
        }),
        async ({ seed, changesMs, confirmable, large, ...faults }) => {
          const { open, clock, link } = coapBed(faults, seed);
          let state = 0;
          const body = (): Uint8Array => Buffer.from(JSON.stringify({ state, fill: 'x'.repeat(large ? 3_000 : 0) }));
          await using server = open(HOST, () => ({ code: '2.05', payload: body(), maxAgeS: 30, observable: 'x' }));
          await using client = open(DEVICE, () => ({ code: '4.04' }));
          const stop = new AbortController();
          const seen: number[] = [];
          const observing = async (peer: Peer): Promise<void> => {
            while (!stop.signal.aborted)
              try {
                for await (const { payload } of client.observe(peer, GET, { signal: stop.signal, confirmable }))
                  seen.push((JSON.parse(Buffer.from(payload ?? []).toString()) as { state: number }).state);
              } catch (error) {
                // Whoever wants to know begins anew.
                if (!stop.signal.aborted) assert.match((error as { code: string }).code, /COAP_(TIMEOUT|BLOCKS|RESET)/);
              }
          };
          const done = observing(server.local);
          for (const changeMs of changesMs) {
            await clock.advance(changeMs);
            state++;
            server.changed('x');
          }
          link.set({});
          await clock.advance(500_000);
          assert.equal(seen.at(-1), state);
          if (!large)
            assert.ok(
              seen.every((found, i) => found >= (seen[i - 1] ?? 0)),
              `in order: ${seen.join()}`,
            );
          stop.abort();
          await clock.advance(500_000);
          await done;
          assert.equal(server.isObserved, false, 'nobody is told any more');
          await clock.advance(10_000);
          assert.equal(clock.pending, 0, 'no timer is left');
        },
      ),
      { numRuns: 40 },
    );
  });
});
