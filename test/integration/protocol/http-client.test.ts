import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { eventually } from '../../fakes/eventually.js';

describe('the client of a service', () => {
  let server: Server;
  let url: string;
  /** Requests that wait for their answer. */
  let held: ServerResponse[];
  beforeEach(async () => {
    held = [];
    server = createServer((_request, response) => void held.push(response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const heard = (count: number): Promise<void> => eventually(`${count} requests`, () => Promise.resolve(held.length === count)); // prettier-ignore
  const answer = (): void => void held.shift()?.writeHead(204).end();

  it('has so many calls under way as it has connections, and makes the others in their order', async () => {
    await using client = new HttpClient(url, { connections: 2 });
    const ended: number[] = [];
    const calls = [0, 1, 2, 3].map(n => client.call('POST', `/${n}`).then(() => void ended.push(n)));
    for (let left = 4; left > 0; left--) {
      await heard(Math.min(2, left));
      answer();
      await eventually('an answer', () => Promise.resolve(ended.length === 5 - left));
    }
    await Promise.all(calls);
    assert.deepEqual([...ended].sort(), [0, 1, 2, 3]);
  });

  it('does not count the time for which a call waited for others', async () => {
    await using client = new HttpClient(url, { connections: 1 });
    await using other = new HttpClient(url);
    const first = client.call('POST', '/first', { timeoutMs: 60_000 });
    const second = client.call('POST', '/second', { timeoutMs: 400 });
    await heard(1);
    // Begun later, of the same length, and under way at once: when it has ended, the second would have, too.
    await assert.rejects(other.call('POST', '/other', { timeoutMs: 400 }), { code: 'DEADLINE' });
    held.splice(1);
    answer();
    await first;
    await heard(1);
    answer();
    await second;
  });

  it('goes on with those that wait when a call fails', async () => {
    await using client = new HttpClient(url, { connections: 1 });
    const failed = assert.rejects(client.call('POST', '/a'), { code: 'UPSTREAM_AWAY' });
    const next = client.call('POST', '/b');
    await heard(1);
    held.shift()?.destroy();
    await failed;
    await heard(1);
    answer();
    await next;
  });
});
