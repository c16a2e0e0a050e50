import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { hostHealth } from '../../../protocol/api/vmd.js';
import { seededRandom } from '../../../lab/seeded-random.js';
import { openScene, type Car, type Scene } from './scene.js';

describe('vmd host under bad input', () => {
  let scene: Scene;
  let car: Car;
  let socket: Socket;
  beforeEach(async () => {
    scene = await openScene();
    car = await scene.car(0);
    await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
    socket = createSocket('udp4');
    socket.bind(0, car.endpoint.local.address);
    await once(socket, 'listening');
  });
  afterEach(async () => {
    socket.close();
    await scene[Symbol.asyncDispose]();
  });

  /** Later datagrams pass none before them on loopback: an answer to the last proves that all were read. */
  const stillServes = async (seq: number): Promise<void> => {
    assert.equal((await car.report(seq)).code, '2.04');
    await scene.control.call('GET', '/v1/health', { answer: hostHealth });
  };
  /** Resolves once the datagram is with the system: what is sent after that comes after it. */
  const throwAt = (bytes: Uint8Array): Promise<void> =>
    new Promise(resolve => socket.send(bytes, 5_683, scene.host.ref.address, () => resolve()));

  it('survives random bytes and truncated CoAP on its socket, and counts them', async () => {
    const random = seededRandom(7);
    for (let round = 0; round < 500; round++)
      await throwAt(Buffer.from(Array.from({ length: Math.floor(random() * 80) }, () => Math.floor(random() * 256))));
    const post = Buffer.from('44021234deadbeefb172127046762d31ff8101', 'hex');
    for (let length = 0; length <= post.length; length++) await throwAt(post.subarray(0, length));
    await stillServes(1);
    assert.ok((await scene.metrics.total('coap_malformed_total')) > 400);
  });

  it('answers wrong SenML and an oversized report by name, and goes on', async () => {
    const send = (payload: Uint8Array) =>
      car.endpoint.request(
        { address: scene.host.ref.address, port: 5_683 },
        { method: 'POST', path: ['r'], query: ['v=1'], contentFormat: 112, payload },
      );
    for (const [payload, code, name] of [
      [Buffer.from('80', 'hex'), '4.00', 'REPORT_MALFORMED'],
      [Buffer.from('{"n":"spd"}'), '4.00', 'REPORT_MALFORMED'],
      [new Uint8Array(1_050), '4.13', 'REPORT_TOO_LARGE'],
    ] as const) {
      const answer = await send(payload);
      assert.equal(answer.code, code);
      assert.match(Buffer.from(answer.payload ?? []).toString(), new RegExp(`^${name}: `));
    }
    assert.equal(await scene.metrics.total('vmd_reports_total'), 3);
    await stillServes(1);
  });

  it('refuses reads that make no sense by name', async () => {
    for (const [path, query, code, name] of [
      ['nowhere', [], '4.04', 'NOT_FOUND'],
      ['v/x', [], '4.04', 'NOT_FOUND'],
      [`v/${car.vehicle}/s/Vehicle.Nonsense`, [], '4.04', 'SIGNAL_UNKNOWN'],
      [`v/${car.vehicle}/s/Vehicle.OBD.Speed`, ['maxAge=-1'], '4.00', 'REQUEST_INVALID'],
      [`v/${car.vehicle}/s/Vehicle.OBD.Speed`, ['colour=red'], '4.00', 'REQUEST_INVALID'],
      [`v/${car.vehicle}/s/Vehicle.OBD.Speed`, [], '4.04', 'SIGNAL_NO_VALUE'],
    ] as const) {
      const answer = await scene.get(path, { query: [...query] });
      assert.equal(answer.code, code, path);
      assert.match(Buffer.from(answer.payload ?? []).toString(), new RegExp(`^${name}: `));
    }
    await stillServes(1);
  });

  it('refuses wrong JSON, unknown fields and unknown paths on its control API by problem details', async () => {
    const url = scene.host.ref.control;
    const json = { 'content-type': 'application/json' };
    const header = { term: 1, handover: 'h', attempt: 1, epoch: 2, way: 'manager' };
    for (const [path, body, status, code] of [
      ['/v1/slots/car-1/prepare', '{"header":', 400, 'REQUEST_INVALID'],
      ['/v1/slots/car-1/prepare', JSON.stringify({ header, number: 1, extra: true }), 400, 'REQUEST_INVALID'],
      ['/v1/slots/NOT%20OK/prepare', JSON.stringify({ header, number: 1 }), 400, 'REQUEST_INVALID'],
      ['/v1/slots/car-1/explode', JSON.stringify({ header }), 404, 'NOT_FOUND'],
      ['/v1/slots/car-1/activate', JSON.stringify({ header, leaseMs: 5 }), 404, 'NOT_FOUND'],
      ['/v1/leases', '[]', 400, 'REQUEST_INVALID'],
    ] as const) {
      const response = await fetch(`${url}${path}`, { method: 'POST', headers: json, body });
      const problem = (await response.json()) as { code: string };
      assert.deepEqual([response.status, problem.code], [status, code], path);
    }
    assert.equal(await scene.metrics.total('http_errors_total'), 6);
    await stillServes(1);
  });

  it('survives bytes that are no HTTP on its control port', async () => {
    const { hostname, port } = new URL(scene.host.ref.control);
    const raw = connect(Number(port), hostname);
    raw.on('error', () => undefined);
    raw.end(Buffer.from('deadbeef00ff0d0a0d0a', 'hex'));
    raw.resume();
    await once(raw, 'close');
    await stillServes(1);
  });
});
