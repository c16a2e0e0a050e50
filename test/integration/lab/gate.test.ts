import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { openGate, type Gate } from '../../../lab/proxy/gate.js';
import { eventually } from '../../fakes/eventually.js';

describe('a gate', () => {
  let server: Server;
  let origin: string;
  let gate: Gate;
  let seen: string[];
  const bodyOf = async (request: IncomingMessage): Promise<string> => {
    let text = '';
    for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString();
    return text;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    seen.push(`${request.method} ${request.url} ${body}`);
    if (request.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: one\ndata: 1\n\n');
      request.socket.once('close', () => seen.push('stream closed'));
      return;
    }
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ path: request.url }));
  };

  beforeEach(async () => {
    seen = [];
    server = createServer((request, response) => void answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    gate = await openGate({ upstream: origin });
  });
  afterEach(async () => {
    await gate[Symbol.asyncDispose]();
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  it('passes a request and its reply on', async () => {
    const reply = await fetch(`${gate.url}/v1/things?a=1`, { method: 'POST', body: 'body' });
    assert.equal(reply.status, 201);
    assert.deepEqual(await reply.json(), { path: '/v1/things?a=1' });
    assert.deepEqual(seen, ['POST /v1/things?a=1 body']);
  });

  it('holds the reply to the first request that fits, after its effect; others pass', async () => {
    const hold = gate.hold({ method: 'POST', path: /\/prepare$/ });
    let replied = false;
    const held = fetch(`${gate.url}/v1/prepare`, { method: 'POST' }).then(reply => {
      replied = true;
      return reply.status;
    });
    assert.deepEqual(await hold.arrived, { method: 'POST', path: '/v1/prepare', status: 201 });
    assert.deepEqual(seen, ['POST /v1/prepare ']);
    assert.equal((await fetch(`${gate.url}/v1/prepare`, { method: 'POST' })).status, 201);
    assert.equal((await fetch(`${gate.url}/v1/prepare`)).status, 201);
    assert.equal(replied, false);
    hold.release();
    assert.equal(await held, 201);
  });

  it('lets a held reply go even when whoever sent it is gone', async () => {
    const hold = gate.hold({ path: /x/ });
    const held = fetch(`${gate.url}/x`);
    await hold.arrived;
    server.closeAllConnections();
    hold.release();
    assert.deepEqual(await (await held).json(), { path: '/x' });
  });

  it('can drop the reply', async () => {
    const hold = gate.hold({ path: /^\/x$/ });
    const held = fetch(`${gate.url}/x`);
    await hold.arrived;
    hold.drop();
    await assert.rejects(held);
    assert.deepEqual(seen, ['GET /x ']);
  });

  it('does not hold once released, although its request never came', async () => {
    gate.hold({ path: /x/ }).release();
    assert.equal((await fetch(`${gate.url}/x`)).status, 201);
  });

  it('passes server-sent events as they come, and ends them with the reader', async () => {
    const stop = new AbortController();
    await using client = new HttpClient(gate.url);
    for await (const event of client.events('/events', stop.signal)) {
      assert.deepEqual(event, { event: 'one', data: '1' });
      break;
    }
    await client[Symbol.asyncDispose]();
    await eventually('the stream closes', () => seen.includes('stream closed'));
  });

  it('breaks the connection when the upstream is away, and keeps the hold for the next request', async () => {
    const port = (server.address() as AddressInfo).port;
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
    const hold = gate.hold({ path: /x/ });
    await assert.rejects(fetch(`${gate.url}/x`));
    server = createServer((request, response) => void answer(request, response));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const held = fetch(`${gate.url}/x`);
    await hold.arrived;
    hold.release();
    assert.equal((await held).status, 201);
  });

  it('cuts a service off, with what is under way to it, until it is healed', async () => {
    await using open = await openGate();
    const stream = await fetch(`${open.url}/${origin}/events`);
    const reader = stream.body!.getReader();
    await reader.read();
    open.cut(away => away === origin);
    await assert.rejects(reader.read());
    await eventually('the service sees it, too', () => seen.includes('stream closed'));
    await assert.rejects(fetch(`${open.url}/${origin}/x`));
    open.cut(away => away === 'http://127.0.0.1:1');
    assert.equal((await fetch(`${open.url}/${origin}/x`)).status, 201);
  });

  it('finds the upstream in the request where it has none, or by a function', async () => {
    await using open = await openGate();
    await using client = new HttpClient(open.url);
    await client.call('GET', `${origin}/absolute`);
    assert.equal((await fetch(`${open.url}/${origin}/named`)).status, 201);
    const told = await fetch(`${open.url}/told`, { headers: { 'x-edgetwin-upstream': origin } });
    assert.equal(told.status, 201);
    await using chosen = await openGate({ upstream: ({ path }) => (path.startsWith('/known') ? origin : undefined) });
    assert.equal((await fetch(`${chosen.url}/known`)).status, 201);
    await assert.rejects(fetch(`${chosen.url}/other`));
    assert.deepEqual(seen, ['GET /absolute ', 'GET /named ', 'GET /told ', 'GET /known ']);
    const hold = open.hold({ path: /^\/held$/ });
    const held = client.call('GET', `${origin}/held`);
    assert.equal((await hold.arrived).path, '/held');
    hold.release();
    await held;
  });
});
