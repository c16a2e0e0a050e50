import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { COAP_PORT } from '../../protocol/addresses.js';
import { PORT } from '../../lab/demo/plan.js';
import { seededRandom } from '../../lab/seeded-random.js';
import { Journey } from './harness.js';

const DATAGRAMS = 300;

describe('bad input to every listener of a running system', () => {
  let journey: Journey;
  const random = seededRandom(11);
  before(async () => {
    journey = await Journey.open();
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
  });
  after(() => journey?.[Symbol.asyncDispose]());

  const noise = (): Buffer =>
    Buffer.from(Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 256)));
  /** Half of it looks like the start of a confirmable CoAP POST. */
  const coapNoise = (): Buffer =>
    random() < 0.5 ? noise() : Buffer.concat([Buffer.from([0x40 + Math.floor(random() * 16), 2]), noise()]);

  async function datagrams(address: string, port: number, make: () => Buffer): Promise<void> {
    const socket = createSocket('udp4');
    for (let sent = 0; sent < DATAGRAMS; sent++)
      await new Promise(resolve => socket.send(make(), port, address, resolve));
    await new Promise<void>(resolve => socket.close(() => resolve()));
  }

  async function bytesOverTcp(address: string, port: number): Promise<void> {
    const socket = connect(port, address);
    await once(socket, 'connect');
    socket.on('error', () => undefined); // a listener may hang up on noise
    for (let sent = 0; sent < 20 && socket.writable; sent++)
      socket.write(Buffer.concat([noise(), Buffer.from('\r\n')]));
    socket.end();
    socket.resume();
    await once(socket, 'close');
  }

  it('datagrams: vMD host, agent, switch, radio', async () => {
    const { host } = (await journey.vehicle(0))!;
    await datagrams(host!.address, host!.port, coapNoise);
    await datagrams(journey.system.block.carAddress(0), COAP_PORT, coapNoise);
    await datagrams(journey.system.block.serviceAddress(2), PORT.switchFrames, noise);
    await datagrams(journey.system.block.serviceAddress(5), PORT.radioFrames, noise);
    const text = await (await fetch(`${host!.control}/metrics`)).text();
    assert.match(text, /^coap_malformed_total\S* [1-9]/m);
    await journey.acknowledges(0);
  });

  it('byte streams: adapter, gpsd, control channel of the switch', async () => {
    await bytesOverTcp(journey.system.block.carAddress(0), PORT.elm);
    await bytesOverTcp(journey.system.block.carAddress(0), PORT.gpsd);
    await bytesOverTcp(journey.system.block.serviceAddress(2), PORT.switchControl);
    await journey.acknowledges(0);
  });

  it('REST: every service names the fault as problem details, and counts it', async () => {
    const { host } = (await journey.vehicle(0))!;
    const { manager, sdn, analytics, replicator, radio } = journey.system.urls;
    const wrong: readonly (readonly [url: string, init: RequestInit])[] = [
      [
        `${manager}/v1/registrations`,
        { method: 'POST', body: '{"vehicle":"car-1","key":"x","nextBootFloor":1,"extra":true}' },
      ],
      [`${manager}/v1/attachments`, { method: 'POST', body: '{' }],
      [`${sdn}/v1/vehicles/car-1/redirect`, { method: 'PUT', body: '{"header":{}}' }],
      [`${host!.control}/v1/slots/car-1/activate`, { method: 'POST', body: '[]' }],
      [`${replicator}/v1/links`, { method: 'PUT', body: '{"cut":"maybe"}' }],
      [`${radio}/v1/faults`, { method: 'PUT', body: '{"lossUp":7}' }],
      [`${analytics}/v1/vehicles/car-1/signals/Vehicle.Nonsense`, {}],
      [`${analytics}/v1/no/such/thing`, {}],
    ];
    for (const [url, init] of wrong) {
      const answer = await fetch(url, { ...init, headers: { 'content-type': 'application/json' } });
      const body = (await answer.json()) as { code?: string };
      assert.ok(answer.status >= 400 && answer.status < 500, `${url}: ${answer.status}`);
      assert.match(answer.headers.get('content-type') ?? '', /problem\+json/);
      assert.ok(body.code !== undefined && body.code !== 'INTERNAL', url);
      const metrics = await (await fetch(`${new URL(url).origin}/metrics`)).text();
      assert.match(metrics, /^http_errors_total\S* [1-9]/m, url);
    }
    await journey.acknowledges(0);
  });

  it('and nothing is lost, doubled, left over, or restarted', async () => {
    const outcome = await journey.endsClean();
    assert.equal(outcome.restarts, 0);
  });
});
