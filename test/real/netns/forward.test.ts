import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { openForwardFrom, openForwardTo } from '../../../lab/netns/forward.js';
import { openNetwork, type Network } from '../../../lab/netns/network.js';
import { SMALL, needsLab } from './lab.js';

const SERVER = `
require('node:http').createServer((request, response) => {
  request.setEncoding('utf8'); let body = '';
  request.on('data', chunk => (body += chunk)).on('end', () => response.end('inside got ' + body.length));
}).listen(8080, '127.0.0.1', () => console.log('ready'));`;

describe('TCP into and out of a place of the network lab', function () {
  this.timeout(60_000);
  let network: Network;
  let outside: Server | undefined;
  before(needsLab);
  before(async () => {
    network = await openNetwork(SMALL);
  });
  after(async () => {
    outside?.close();
    await network?.[Symbol.asyncDispose]();
  });

  it('reaches a server inside from a port of the machine', async () => {
    const server = network.exec('manager', [process.execPath, '-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
    assert.ok(server.stdout);
    await once(createInterface({ input: server.stdout }), 'line');
    await using way = await openForwardTo(network, 'manager', { address: '127.0.0.1', port: 8080 });
    const url = `http://127.0.0.1:${way.port}/`;
    const answers = await Promise.all(
      [1, 1_000, 1_000_000].map(async length =>
        (await fetch(url, { method: 'POST', body: 'x'.repeat(length) })).text(),
      ),
    );
    assert.deepEqual(answers, ['inside got 1', 'inside got 1000', 'inside got 1000000']);
  });

  it('fails at once where nobody listens inside', async () => {
    await using way = await openForwardTo(network, 'manager', { address: '127.0.0.1', port: 9 });
    await assert.rejects(fetch(`http://127.0.0.1:${way.port}/`), /fetch failed/);
    await assert.rejects(openForwardFrom(network, 'manager', { address: '192.0.2.1', port: 80 }, 80), {
      code: 'LAB_FAILED',
    });
  });

  it('leads a program inside to a server of the machine', async () => {
    outside = createServer((request, response) => response.end(`outside was asked for ${request.url}`));
    outside.listen(0, '127.0.0.1');
    await once(outside, 'listening');
    const { port } = outside.address() as AddressInfo;
    await using way = await openForwardFrom(
      network,
      'host-1',
      { address: network.addressOf('host-1'), port: 9000 },
      port,
    );
    assert.equal(way.port, port);
    const ask = `fetch('http://${network.addressOf('host-1')}:9000/v1').then(r => r.text()).then(console.log)`;
    assert.equal((await network.run('host-1', [process.execPath, '-e', ask])).trim(), 'outside was asked for /v1');
  });
});
