import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { COAP_PORT, NETWORK_PLAN, twinAddress } from '../../protocol/addresses.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import type { HostRef } from '../../protocol/api/common.js';
import { pageOf, pageQuery } from '../../protocol/api/pages.js';
import type { VehicleRecord } from '../../protocol/api/md-manager.js';

/**
 * What an sdn-app needs of a manager, for as many vehicles as it is told, all of them at one host: a process of its own beside
 * it, so that the size of the switch's table is all that differs. Words: port, URL of sdn-app, vehicles, address of the host.
 * Prints `ready`; a line `install` on standard input makes it order the flows of every vehicle, and print how many
 * milliseconds passed until the last was confirmed.
 */
const [port = '0', sdn = '', count = '0', hostAddress = ''] = process.argv.slice(2);
const TERM = 1;
const AT_ONCE = 64;

const host: HostRef = {
  host: 'edge-1/1',
  domain: 'edge-1',
  address: hostAddress,
  port: COAP_PORT,
  control: `http://${hostAddress}:5684`,
};
const recordOf = (number: number): VehicleRecord => ({
  vehicle: `bench-${number}`,
  number,
  twin: { address: twinAddress(NETWORK_PLAN, number), port: COAP_PORT },
  host,
  hostEpoch: 0,
  acting: { host: host.host, domain: host.domain, epoch: 0 },
  highestEpoch: 0,
});
const numbers = Array.from({ length: Number(count) }, (_, index) => index + 1);
/** Those whose flows were confirmed: an sdn-app that begins hears of no other. */
const vehicles: VehicleRecord[] = [];

/** A page of them, as md-manager has it. */
function vehiclesOf(url: string): string {
  const { rows, next } = pageOf(vehicles, pageQuery.parse(Object.fromEntries(new URL(url, sdn).searchParams)));
  return JSON.stringify({ term: TERM, vehicles: rows, next });
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
};

const ANSWERS: Readonly<Record<string, (body: string, url: string) => string>> = {
  'PUT /v1/leases/sdn-app': body => JSON.stringify({ ...(JSON.parse(body) as object), term: TERM }),
  'GET /v1/vehicles': (_body, url) => vehiclesOf(url),
  'GET /v1/reservations': () => JSON.stringify({ armed: [], tickets: [] }),
  'GET /v1/pools': () => JSON.stringify({ pools: [] }),
  'POST /v1/attachments': () => JSON.stringify({ result: 'same-domain' }),
  'POST /v1/rehearsals': body => body,
};

const server = createServer((request, reply) => {
  void bodyOf(request).then(body => {
    const url = request.url ?? '/';
    const answer = ANSWERS[`${request.method} ${url.split('?')[0]}`];
    reply.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    reply.end(answer?.(body, url));
  });
});
server.listen(Number(port), '127.0.0.1');
await once(server, 'listening');
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) if (line === 'install') await install();
server.close();
server.closeAllConnections();

async function install(): Promise<void> {
  await using client = new HttpClient(sdn, { connections: AT_ONCE });
  const begunMs = performance.now();
  const left = numbers.values();
  const work = async (): Promise<void> => {
    for (const number of left) {
      const header = { term: TERM, handover: `install-${number}`, attempt: 0, epoch: 0, way: 'manager' };
      await client.call('PUT', `/v1/vehicles/bench-${number}`, { body: { header, number, host }, timeoutMs: 60_000 });
      vehicles.push(recordOf(number));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  process.stdout.write(`${performance.now() - begunMs}\n`);
}
