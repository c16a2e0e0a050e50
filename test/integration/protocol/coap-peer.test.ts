import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import {
  Agent,
  createServer,
  request as coapRequest,
  type IncomingMessage,
  type ObserveReadStream,
  type ObserveWriteStream,
  type OutgoingMessage,
} from 'coap';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { openCoapEndpoint, type CoapEndpointOptions } from '../../../protocol/coap/endpoint.js';
import { secureRandom } from '../../../protocol/coap/secure-random.js';
import type { CoapEndpoint, CoapHandler } from '../../../protocol/coap/types.js';
import { openUdpPort } from '../../../protocol/coap/udp-port.js';
import { eventually } from '../../fakes/eventually.js';

async function open(handler: CoapHandler, options: Partial<CoapEndpointOptions> = {}): Promise<CoapEndpoint> {
  const port = await openUdpPort({ address: '127.0.0.1', port: 0 });
  return openCoapEndpoint({
    port,
    handler,
    clock: systemClock,
    timers: systemTimers,
    random: secureRandom,
    ...options,
  });
}

const notFound: CoapHandler = () => ({ code: '4.04' });

interface Asked {
  readonly code: string;
  readonly payload: string;
}

/** Asks by npm's `coap`, as a foreign device would. Its agent closes itself after the response. */
async function ask(port: number, pathname: string, body?: string): Promise<Asked> {
  const outgoing = coapRequest({
    hostname: '127.0.0.1',
    port,
    pathname,
    method: body === undefined ? 'GET' : 'POST',
    agent: new Agent({ type: 'udp4' }),
  });
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  outgoing.end(body);
  const [response] = await answered;
  return { code: response.code, payload: response.payload.toString() };
}

describe("beside npm's coap", () => {
  it('answers its GET and POST with what the handler gives', async () => {
    await using endpoint = await open(request => ({
      code: request.method === 'POST' ? '2.04' : '2.05',
      payload: Buffer.from(
        `${request.path.join('/')}?${request.query?.join('&')}:${Buffer.from(request.payload ?? []).toString()}`,
      ),
    }));
    assert.deepEqual(await ask(endpoint.local.port, '/a/b'), { code: '2.05', payload: 'a/b?undefined:' });
    assert.deepEqual(await ask(endpoint.local.port, '/r', 'hello'), { code: '2.04', payload: 'r?undefined:hello' });
  });

  it('acknowledges first and answers later where the handler is slow', async () => {
    let calls = 0;
    let answer = (): void => undefined;
    const counts: string[] = [];
    await using endpoint = await open(
      async () => {
        calls++;
        await new Promise<void>(resolve => (answer = resolve));
        return { code: '2.05', payload: Buffer.from('late') };
      },
      {
        params: { ackDelayMs: 5 },
        onCount: kind => {
          counts.push(kind);
          if (kind === 'outACK') answer();
        },
      },
    );
    assert.deepEqual(await ask(endpoint.local.port, '/slow'), { code: '2.05', payload: 'late' });
    assert.equal(calls, 1);
    assert.ok(counts.includes('outCON'), 'the response went as a message of its own');
  });

  it('reads its server, piggy-backed and separate', async () => {
    const server = createServer({ type: 'udp4', piggybackReplyMs: 5 });
    server.on('request', (incoming: IncomingMessage, outgoing: OutgoingMessage) => {
      outgoing.setOption('Max-Age', 7);
      outgoing.setOption('Content-Format', 'application/json');
      const reply = (): void => void outgoing.end(`{"asked":"${incoming.url}"}`);
      if (incoming.url.startsWith('/slow')) setTimeout(reply, 30);
      else reply();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()));
    try {
      const { port } = (server as unknown as { _sock: { address(): { port: number } } })._sock.address();
      await using endpoint = await open(notFound);
      for (const path of ['fast', 'slow']) {
        const response = await endpoint.request(
          { address: '127.0.0.1', port },
          { method: 'GET', path: [path], query: ['v=1'] },
        );
        assert.equal(response.code, '2.05');
        assert.equal(response.maxAgeS, 7);
        assert.equal(response.contentFormat, 50);
        assert.equal(Buffer.from(response.payload ?? []).toString(), `{"asked":"/${path}?v=1"}`);
      }
    } finally {
      await new Promise<void>(resolve => server.close(() => resolve()));
    }
  });

  it('serves on after every kind of bad datagram', async () => {
    const counts = new Map<string, number>();
    await using endpoint = await open(() => ({ code: '2.04' }), {
      onCount: kind => counts.set(kind, (counts.get(kind) ?? 0) + 1),
    });
    const socket = createSocket('udp4');
    const replies: Buffer[] = [];
    socket.on('message', bytes => replies.push(bytes));
    const bad = [
      '',
      '00',
      '40',
      '80010001',
      '49010001',
      '4101000107ff',
      '40010001ff',
      '4001000190',
      '40000001aa',
      '40210001',
      '60450001ff',
    ];
    for (const hex of bad) {
      socket.send(Buffer.from(hex, 'hex'), endpoint.local.port, '127.0.0.1');
      await ask(endpoint.local.port, '/r', 'x').then(answer => assert.equal(answer.code, '2.04'));
    }
    socket.close();
    const malformed = [...counts].filter(([kind]) => kind.startsWith('malformed')).reduce((sum, [, n]) => sum + n, 0);
    assert.equal(malformed, bad.length - 1, 'all but the unknown critical option are malformed');
    assert.ok(
      replies.some(bytes => bytes[1] === 0x80),
      'a malformed request is told 4.00',
    );
    assert.ok(
      replies.some(bytes => bytes[0] === 0x70),
      'a malformed confirmable message is reset',
    );
  });

  it('speaks to itself on one socket at both ends', async () => {
    const echo: CoapHandler = request => ({ code: '2.05', ...(request.payload ? { payload: request.payload } : {}) });
    await using left = await open(echo);
    await using right = await open(echo);
    const payload = Buffer.from('x'.repeat(1_024));
    const [there, back] = await Promise.all([
      left.request(right.local, { method: 'POST', path: ['r'], payload }),
      right.request(left.local, { method: 'POST', path: ['r'], payload }),
    ]);
    assert.deepEqual(Buffer.from(there.payload ?? []), payload);
    assert.deepEqual(Buffer.from(back.payload ?? []), payload);
  });

  it('tells of a port that is taken', async () => {
    await using first = await openUdpPort({ address: '127.0.0.1', port: 0 });
    await assert.rejects(openUdpPort(first.local), { code: 'EADDRINUSE' });
  });

  const large = Buffer.from(Array.from({ length: 5_000 }, (_, i) => i % 251));

  it('takes its upload in blocks, and gives it a large body in blocks', async () => {
    const bodies: Buffer[] = [];
    await using endpoint = await open(request => {
      bodies.push(Buffer.from(request.payload ?? []));
      return { code: '2.04', payload: large };
    });
    const agent = new Agent({ type: 'udp4' });
    const outgoing = coapRequest({
      hostname: '127.0.0.1',
      port: endpoint.local.port,
      pathname: '/up',
      method: 'PUT',
      agent,
    });
    outgoing.setOption('Block1', Buffer.of(4));
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    outgoing.end(large);
    const [response] = await answered;
    assert.equal(response.code, '2.04');
    assert.deepEqual(
      bodies.map(body => body.equals(large)),
      [true],
    );
    const got = coapRequest({
      hostname: '127.0.0.1',
      port: endpoint.local.port,
      pathname: '/down',
      agent: new Agent({ type: 'udp4' }),
    });
    const down = once(got, 'response') as Promise<[IncomingMessage]>;
    got.end();
    assert.ok((await down)[0].payload.equals(large));
  });

  it('notifies its client until that leaves', async () => {
    let state = 0;
    // Its agent closes the socket with the last stream: nobody is there to reset what still comes.
    await using endpoint = await open(() => ({ code: '2.05', payload: Buffer.from(String(state)), observable: 'x' }), {
      params: { ackTimeoutMs: 50, maxRetransmit: 1 },
    });
    const agent = new Agent({ type: 'udp4' });
    const outgoing = coapRequest({
      hostname: '127.0.0.1',
      port: endpoint.local.port,
      pathname: '/x',
      observe: true,
      agent,
    });
    const answered = once(outgoing, 'response') as Promise<[ObserveReadStream]>;
    outgoing.end();
    const [states] = await answered;
    const seen: string[] = [];
    states.on('data', (found: Buffer) => seen.push(found.toString()));
    for (; state < 4; state++) {
      if (state > 0) endpoint.changed('x');
      await eventually(`it tells ${state}`, () => seen.at(-1) === String(state));
    }
    assert.deepEqual(seen, ['0', '1', '2', '3']);
    states.close();
    await eventually('it is forgotten', () => {
      endpoint.changed('x');
      return !endpoint.isObserved;
    });
  });

  it('observes its server, and reads its large bodies', async () => {
    const server = createServer({ type: 'udp4' });
    let tell = (_state: string): void => undefined;
    server.on('request', (incoming: IncomingMessage, outgoing: OutgoingMessage | ObserveWriteStream) => {
      if (!('reset' in outgoing && incoming.headers['Observe'] === 0)) {
        outgoing.end(large);
        return;
      }
      tell = state => void outgoing.write(state);
      tell('0');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()));
    try {
      const { port } = (server as unknown as { _sock: { address(): { port: number } } })._sock.address();
      const peer = { address: '127.0.0.1', port };
      await using endpoint = await open(notFound);
      const whole = await endpoint.request(peer, { method: 'GET', path: ['large'] });
      assert.ok(large.equals(Buffer.from(whole.payload ?? [])));
      const seen: string[] = [];
      for await (const { payload } of endpoint.observe(peer, { method: 'GET', path: ['x'] })) {
        seen.push(Buffer.from(payload ?? []).toString());
        if (seen.length === 4) break;
        tell(String(seen.length));
      }
      assert.deepEqual(seen, ['0', '1', '2', '3']);
    } finally {
      await new Promise<void>(resolve => server.close(() => resolve()));
    }
  });
});
