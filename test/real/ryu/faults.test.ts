import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { eventually } from '../../fakes/eventually.js';
import { needsSwitches, type RyuProcess } from '../flow-switch/ryu-process.js';
import { openStage, type Stage } from '../flow-switch/stage.js';
import { fromHex } from '../../../common/hex.js';
import { WireClient } from './wire-client.js';
import { flowOf } from './wire-samples.js';

const FLOW = flowOf({}, [], { cookie: 1 });
const FRAME = fromHex('02ed9e000001020000000009' + '88b5' + 'ab'.repeat(200));

/** A WebSocket client that shakes hands and then reads nothing until it is told to. */
async function openSleeper(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.write(
    ['GET /edgetwin/v1 HTTP/1.1', 'Host: ryu', 'Upgrade: websocket', 'Connection: Upgrade'].join('\r\n') +
      '\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  await once(socket, 'readable');
  return socket;
}

describe('faults around the Ryu app', function () {
  this.timeout(60_000);
  let stage: Stage;
  let ryu: RyuProcess;
  let client: WireClient;
  before(needsSwitches);
  beforeEach(async () => {
    stage = await openStage();
    ryu = await stage.addRyu();
    client = await WireClient.open(ryu.webPort);
    await client.next('up');
  });
  afterEach(async () => {
    await client?.[Symbol.asyncDispose]();
    await stage?.[Symbol.asyncDispose]();
  });

  it('a switch that is killed is told, and told again when it is back, empty', async () => {
    await client.add(FLOW);
    await stage.openVSwitch.kill();
    assert.deepEqual(await client.next('down'), { type: 'down', datapath: 1 });
    assert.equal((await client.add(FLOW)).type, 'away');
    await stage.openVSwitch.restart();
    assert.equal((await client.next('up')).datapath, 1);
    assert.deepEqual(await client.flows(), []);
  });

  it('a switch that hangs is given up; who waits for its barrier hears that it is away', async () => {
    const { pid } = stage.openVSwitch;
    assert.ok(pid);
    process.kill(pid, 'SIGSTOP');
    try {
      const answers = [client.add(FLOW), client.add(FLOW, { ...FLOW, table: 2 }), client.add(FLOW)];
      for (const answer of await Promise.all(answers)) assert.equal(answer.type, 'away');
      assert.equal((await client.next('down')).datapath, 1);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await client.next('up');
    assert.equal((await client.add(FLOW)).type, 'done');
  });

  it('the controller of a higher term is the only one that a switch obeys', async () => {
    const other = await stage.addRyu();
    await using second = await WireClient.open(other.webPort);
    await second.next('up');
    assert.equal((await client.ask({ op: 'lead', term: 4 })).type, 'done');
    assert.equal((await client.add(FLOW)).type, 'done');
    assert.equal((await second.ask({ op: 'lead', term: 5 })).type, 'done');
    for (const bundle of [[FLOW], [FLOW, { ...FLOW, table: 2 }]]) {
      const slave = await client.add(...bundle);
      assert.ok(slave.type === 'refused');
      for (const error of slave.errors) assert.deepEqual([error.typeName, error.codeName], ['BAD_REQUEST', 'IS_SLAVE']);
      assert.equal(slave.errors[0]?.code, 10);
    }
    const stale = await client.ask({ op: 'lead', term: 4 });
    assert.ok(stale.type === 'refused');
    const error = { type: 11, code: 0, typeName: 'ROLE_REQUEST_FAILED', codeName: 'STALE' };
    assert.deepEqual(stale.errors, [error]);
    assert.equal((await second.add(FLOW)).type, 'done');
  });

  it('a client that reads nothing delays no other, and hears how many packet-ins it missed', async () => {
    await client.add({ ...flowOf({}, [['apply', [['output', 'CONTROLLER']]]]), table: 0 });
    const sleeper = await openSleeper(ryu.webPort);
    let sent = 0;
    let heard = 0;
    const burst = async (): Promise<void> => {
      for (let i = 0; i < 50; i++) stage.send(1, FRAME ?? new Uint8Array());
      sent += 50;
      for (; heard < sent; heard++) await client.next('packetIn');
      assert.equal((await client.add(FLOW)).type, 'done');
    };
    // what a sleeper's kernel and the app keep for it is bounded; what goes beyond is dropped, and only for it
    const missed = new RegExp('"dropped":(\\d+)}');
    let text = '';
    while (sent < 20_000) await burst();
    sleeper.on('data', (chunk: Buffer) => (text = (text + chunk.toString('latin1')).slice(-100_000)));
    await eventually('the sleeper hears what it missed', async () => {
      stage.send(1, FRAME ?? new Uint8Array());
      await client.next('packetIn');
      return missed.test(text);
    });
    assert.ok(Number(missed.exec(text)?.[1]) > 0);
    sleeper.destroy();
  });

  it('a client that asks much and reads nothing holds up nobody', async () => {
    const sleeper = await openSleeper(ryu.webPort);
    const body = Buffer.from(JSON.stringify({ id: 1, op: 'flows', datapath: 1, cookie: 0, mask: 0 }));
    const frame = Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]);
    const flows = Array.from({ length: 200 }, (_, index) => flowOf({ metadata: index }, [], { cookie: index }));
    assert.equal((await client.add(...flows)).type, 'done');
    for (let i = 0; i < 500; i++) sleeper.write(frame);
    assert.equal((await client.add(FLOW)).type, 'done');
    assert.equal((await client.flows(1, 0xffff)).length, 2);
    sleeper.destroy();
    assert.equal((await client.add(FLOW)).type, 'done');
  });
});
