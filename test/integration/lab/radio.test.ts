import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify as stringifyYaml } from 'yaml';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { loadConfig } from '../../../common/config.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { COAP_PORT, LOOPBACK_PLAN, twinAddress } from '../../../protocol/addresses.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { METRICS } from '../../../protocol/metrics.js';
import { openDrive } from '../../../lab/drive/drive-file.js';
import { decodeFrame, encodeFrame, type Frame } from '../../../lab/network/frame.js';
import { claimBlock, type LoopbackBlock } from '../../../lab/network/loopback-block.js';
import { attachmentEvent, carsOnAir } from '../../../lab/radio/api.js';
import { SETTINGS } from '../../../lab/radio/config.js';
import { runRadio } from '../../../lab/radio/radio.js';
import { layOutTopology } from '../../../lab/topology/lay-out.js';
import { LineClient } from '../../fakes/line-client.js';
import { eventually } from '../../fakes/eventually.js';

const SWITCH_PORT = 7003;
const RADIO_PORT = 7007;

describe('the radio', () => {
  let block: LoopbackBlock;
  let folder: string;
  let agent: Socket;
  let toSwitch: Socket;
  let manager: Server;
  let http: HttpClient;
  let metrics: Metrics<keyof typeof METRICS>;
  let stop: AbortController;
  let running: Promise<void>;
  const twin = (): string => twinAddress(LOOPBACK_PLAN, block.firstNumber);

  const bind = async (address: string, port: number): Promise<Socket> => {
    const socket = createSocket('udp4');
    socket.bind(port, address);
    await once(socket, 'listening');
    return socket;
  };
  const received = async (socket: Socket): Promise<Buffer> => ((await once(socket, 'message')) as [Buffer])[0];
  const frameAtSwitch = async (): Promise<Frame> => {
    const frame = decodeFrame(await received(toSwitch));
    assert.ok(frame);
    return frame;
  };
  const total = async (result: string): Promise<number> => {
    const found = new RegExp(`radio_frames_total\\{[^}]*result="${result}"\\} (\\d+)`, 'g');
    return [...(await metrics.text()).matchAll(found)].reduce((sum, row) => sum + Number(row[1]), 0);
  };
  const counted = (result: string, atLeast: number): Promise<void> =>
    eventually(`${atLeast} frames ${result}`, async () => (await total(result)) >= atLeast);
  const force = (accessPoint: string | null): Promise<void> =>
    http.call('PUT', '/v1/cars/0/attachment', { body: { accessPoint } });
  const answer = (port: number, payload: string, dstPort = COAP_PORT): void => {
    const frame = {
      port,
      srcIp: twin(),
      srcPort: COAP_PORT,
      dstIp: block.carAddress(0),
      dstPort,
      payload: Buffer.from(payload),
    };
    toSwitch.send(encodeFrame(frame), RADIO_PORT, block.serviceAddress(5));
  };

  beforeEach(async () => {
    block = await claimBlock();
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-radio-'));
    const topology = join(folder, 'topology.yaml');
    await writeFile(topology, stringifyYaml(layOutTopology((await openDrive('drive-17')).rows)));
    agent = await bind(block.carAddress(0), COAP_PORT);
    toSwitch = await bind(block.serviceAddress(2), SWITCH_PORT);
    manager = createServer(socket => socket.on('error', () => socket.destroy()).pipe(socket));
    manager.listen(7001, block.serviceAddress(0));
    await once(manager, 'listening');
    metrics = new Metrics(METRICS);
    stop = new AbortController();
    const argv = [
      ...['--topology', topology, '--drive', 'drive-17', '--cars', '2', '--speed', '1'],
      // The drive begins in a day: the cars stand at its start.
      ...['--start-at', String(Date.now() + 86_400_000), '--block', String(block.base)],
      ...['--first-number', String(block.firstNumber), '--switch', `${block.serviceAddress(2)}:${SWITCH_PORT}`],
      ...['--listen', `${block.serviceAddress(5)}:${RADIO_PORT}`, '--http', `${block.serviceAddress(5)}:7008`],
      ...['--manager', `${block.serviceAddress(0)}:7001`],
    ];
    const config = loadConfig(SETTINGS, { argv, env: {} });
    const url = await new Promise<string>((resolve, reject) => {
      const deps = { clock: systemClock, timers: systemTimers, log: silentLog, metrics, ready: resolve };
      running = runRadio(config, deps, stop.signal);
      running.catch(reject);
    });
    http = new HttpClient(url);
  });

  afterEach(async () => {
    stop.abort();
    await http[Symbol.asyncDispose]();
    await running;
    for (const socket of [agent, toSwitch]) await new Promise<void>(resolve => socket.close(resolve));
    await new Promise(resolve => manager.close(resolve));
    await block[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  it('carries a datagram of the agent to the switch as a frame of the port where the car is, and the answer back', async () => {
    const up = frameAtSwitch();
    agent.send('report', COAP_PORT, twin());
    const frame = await up;
    assert.deepEqual(
      { ...frame, payload: Buffer.from(frame.payload).toString() },
      { port: 1, srcIp: block.carAddress(0), srcPort: COAP_PORT, dstIp: twin(), dstPort: COAP_PORT, payload: 'report' },
    );
    const down = once(agent, 'message') as Promise<[Buffer, { address: string; port: number }]>;
    answer(1, 'ack');
    const [payload, from] = await down;
    assert.deepEqual([payload.toString(), from.address, from.port], ['ack', twin(), COAP_PORT]);
  });

  it('carries what goes to a number beyond one for each car: those of registrations that failed are not given again', async () => {
    const up = frameAtSwitch();
    agent.send('report', COAP_PORT, twinAddress(LOOPBACK_PLAN, block.firstNumber + 7));
    assert.equal((await up).dstIp, twinAddress(LOOPBACK_PLAN, block.firstNumber + 7));
  });

  it('enters by another port after a move, and answers at the old port are lost', async () => {
    await force('ap-2');
    const up = frameAtSwitch();
    agent.send('report', COAP_PORT, twin());
    assert.equal((await up).port, 2);
    answer(1, 'late');
    await counted('unattached', 1);
    const down = received(agent);
    answer(2, 'in time');
    assert.equal((await down).toString(), 'in time');
  });

  it('carries nothing in an outage, and cuts the TCP relay together with it', async () => {
    const relay = { address: block.carAddress(0), port: 7001 };
    await using before = await LineClient.open(relay);
    before.send('hello\n');
    assert.equal(await before.until('\n'), 'hello\n');
    const closed = once(before.socket, 'close');
    await force(null);
    await closed;
    await using during = await LineClient.open(relay);
    await assert.rejects(during.until('\n'));
    agent.send('lost', COAP_PORT, twin());
    await counted('unattached', 1);
    await force('auto');
    await using after = await LineClient.open(relay);
    after.send('again\n');
    assert.equal(await after.until('\n'), 'again\n');
    const up = frameAtSwitch();
    agent.send('report', COAP_PORT, twin());
    assert.equal((await up).port, 1);
  });

  it('shows its cars and tells of changes', async () => {
    const reader = new AbortController();
    const events = http.events('/v1/events', reader.signal);
    const next = async (): Promise<unknown> => {
      const { value } = await events.next();
      return value === undefined ? undefined : attachmentEvent.parse(JSON.parse(value.data));
    };
    for (const car of [0, 1]) {
      const { from, to, domain, port } = attachmentEvent.parse(await next());
      assert.deepEqual({ car, from, to, domain, port }, { car, from: null, to: 'ap-1', domain: 'edge-1', port: 1 });
    }
    await force('ap-2');
    const { car, from, to, domain } = attachmentEvent.parse(await next());
    assert.deepEqual({ car, from, to, domain }, { car: 0, from: 'ap-1', to: 'ap-2', domain: 'edge-2' });
    const { cars } = await http.call('GET', '/v1/cars', { answer: carsOnAir });
    assert.deepEqual(
      cars.map(({ accessPoint, attached, forced }) => [accessPoint, attached, forced]),
      [
        ['ap-2', true, true],
        ['ap-1', true, false],
      ],
    );
    await http[Symbol.asyncDispose]();
  });

  it('loses, doubles and delays frames when told so', async () => {
    await http.call('PUT', '/v1/faults', { body: { lossUp: 1 } });
    agent.send('lost', COAP_PORT, twin());
    await counted('lost', 1);
    await http.call('PUT', '/v1/faults', { body: { duplicate: 1, delayMs: 1, jitterMs: 2 } });
    let copies = 0;
    const twice = new Promise<void>(resolve => {
      toSwitch.on('message', () => {
        if (++copies === 2) resolve();
      });
    });
    agent.send('twice', COAP_PORT, twin());
    await twice;
  });

  it('loses an answer that is still on its way when the car leaves the port', async () => {
    await http.call('PUT', '/v1/faults', { body: { delayMs: 500 } });
    let came = false;
    agent.once('message', () => (came = true));
    answer(1, 'late');
    await counted('carried', 1);
    await force('ap-2');
    await counted('unattached', 1);
    assert.equal(came, false);
  });

  it('names what is wrong with a request, and counts frames that are none', async () => {
    await assert.rejects(http.call('PUT', '/v1/faults', { body: { lossUp: 7 } }), { code: 'REQUEST_INVALID' });
    await assert.rejects(force('ap-99'), { code: 'NOT_FOUND' });
    await assert.rejects(http.call('PUT', '/v1/cars/9/attachment', { body: { accessPoint: null } }), {
      code: 'NOT_FOUND',
    });
    await assert.rejects(http.call('PUT', '/v1/cars/x/attachment', { body: { accessPoint: null } }), {
      code: 'REQUEST_INVALID',
    });
    toSwitch.send('short', RADIO_PORT, block.serviceAddress(5));
    await counted('malformed', 1);
    toSwitch.send(Buffer.alloc(40), RADIO_PORT, block.serviceAddress(5));
    await counted('foreign', 1);
    toSwitch.send('from no car', COAP_PORT, twin());
    await counted('foreign', 2);
    const up = frameAtSwitch();
    agent.send('still here', COAP_PORT, twin());
    assert.equal(Buffer.from((await up).payload).toString(), 'still here');
  });
});
