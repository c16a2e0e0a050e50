import assert from 'node:assert/strict';
import { z } from 'zod';
import { systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { WaitingApi } from '../../../md-manager/leader/waiting-api.js';
import { openHttp, type HttpServer } from '../../../protocol/api/http-server.js';
import { ManagerClient } from '../../../protocol/api/manager-client.js';
import { leader } from '../../../protocol/api/md-manager.js';
import { route } from '../../../protocol/api/route.js';
import { METRICS } from '../../../protocol/metrics.js';
import { claimBlock, type LoopbackBlock } from '../../../lab/network/loopback-block.js';

const deps = { timers: systemTimers, random: Math.random, log: silentLog, metrics: new Metrics(METRICS) };
const counts = z.object({ running: z.int() });
const row = route({
  ...{ method: 'GET', path: '/v1/handovers/counts', summary: 'counts', answer: counts },
  handle: () => ({ running: 0 }),
});

describe('a client of several managers', () => {
  let block: LoopbackBlock;
  before(async () => (block = await claimBlock()));
  after(() => block[Symbol.asyncDispose]());

  const listenAt = (n: number): { address: string; port: number } => ({ address: block.serviceAddress(n), port: 7001 });
  const urlAt = (n: number): string => `http://${listenAt(n).address}:7001`;
  const leads = (n: number): Promise<HttpServer> =>
    openHttp({ part: 'md-manager', listen: listenAt(n), routes: [row], log: silentLog, metrics: deps.metrics });
  const follows = async (n: number, leading: number): Promise<WaitingApi> => {
    const api = new WaitingApi(listenAt(n), deps);
    await api.follow({ url: urlAt(leading), term: 3 });
    return api;
  };
  const clientOf = (...numbers: number[]): ManagerClient => new ManagerClient(numbers.map(urlAt));

  it('goes from one that does not lead to the one that it names, and stays there', async () => {
    await using follower = await follows(0, 1);
    await using server = await leads(1);
    await using client = clientOf(0, 1);
    assert.ok(follower && server);
    await client.call('GET', row.path, { answer: counts });
    assert.equal(client.url, urlAt(1));
  });

  it('goes to a leader that is not in its list', async () => {
    await using follower = await follows(0, 2);
    await using server = await leads(2);
    await using client = clientOf(0);
    assert.ok(follower && server);
    await client.call('GET', row.path, { answer: counts });
    assert.equal(client.url, urlAt(2));
  });

  it('goes down the list from one that is away', async () => {
    await using server = await leads(2);
    await using client = clientOf(0, 1, 2);
    assert.ok(server);
    await client.call('GET', row.path, { answer: counts });
    assert.equal(client.url, urlAt(2));
  });

  it('gives up after one round, with the last fault', async () => {
    await using client = clientOf(0, 1);
    await assert.rejects(client.call('GET', row.path, { answer: counts }), { code: 'UPSTREAM_AWAY' });
  });

  it('gives the faults of the leader itself as they are', async () => {
    await using server = await leads(0);
    await using client = clientOf(0, 1);
    assert.ok(server);
    await assert.rejects(client.call('GET', '/v1/nothing'), { code: 'NOT_FOUND' });
    assert.equal(client.url, urlAt(0));
  });

  it('is told by any manager who leads', async () => {
    await using follower = await follows(0, 1);
    await using client = clientOf(0);
    assert.ok(follower);
    assert.deepEqual(await client.call('GET', '/v1/leader', { answer: leader }), { url: urlAt(1), term: 3 });
  });

  it('ends a stream of events when another one is asked', async () => {
    await using first = await leads(0);
    await using client = clientOf(0, 1);
    const stream = client.events('/healthz', new AbortController().signal);
    // The answer of this one is no stream of events, and ends at once; what matters is that the next one goes elsewhere.
    assert.equal((await stream.next()).done, true);
    await first[Symbol.asyncDispose]();
    await using second = await leads(1);
    assert.ok(second);
    await assert.rejects(client.events('/v1/none', new AbortController().signal).next(), { code: 'UPSTREAM_AWAY' });
    assert.equal(client.url, urlAt(1));
  });
});
