import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRyu } from '../../../sdn-app/switch/ryu/adapter.js';
import { fakeClock } from '../../fakes/fake-clock.js';
import { openFakeRyu } from '../../fakes/fake-ryu.js';
import { EVERYTHING, adding, flow, heard, is, ryuScene } from './ryu-scene.js';

describe('the connection to Ryu', () => {
  const { defer, fakeRyu, ryu } = ryuScene();

  it('reaches all datapaths over one WebSocket, and keeps them apart', async () => {
    const fake = await fakeRyu();
    const app = ryu(fake.url);
    const [one, two] = [app.switchOf(1), app.switchOf(2)];
    const [atOne, atTwo] = [heard(one), heard(two)];
    await Promise.all([atOne.next(is('up')), atTwo.next(is('up'))]);
    assert.equal(app.switchOf(1), one);
    await one.apply(adding(flow(7)));
    assert.deepEqual(await two.readFlows(EVERYTHING), []);
    fake.restart(2);
    await atTwo.next(is('down'));
    assert.equal((await one.readFlows(EVERYTHING)).length, 1);
    assert.ok(atOne.all.every(is('up')));
    assert.equal(fake.opened, 1);
  });

  it('reaches a Ryu that listens at a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'edgetwin-ryu-'));
    defer(() => rm(folder, { recursive: true }));
    const fake = await fakeRyu({ path: join(folder, 'web.sock') });
    const flowSwitch = ryu(fake.url).switchOf(1);
    await heard(flowSwitch).next(is('up'));
    await flowSwitch.apply(adding(flow(1)));
  });

  it('says what the switch can', async () => {
    const fake = await fakeRyu({ abilities: { bundles: false, moves: false } });
    const flowSwitch = ryu(fake.url).switchOf(1);
    await heard(flowSwitch).next(is('up'));
    assert.deepEqual(flowSwitch.abilities, { bundles: false, moves: false, errors: true, packetIns: true });
  });

  it('comes back by itself after the app was gone, and rejects what was asked meanwhile', async () => {
    const fake = await fakeRyu();
    const flowSwitch = ryu(fake.url).switchOf(1);
    const events = heard(flowSwitch);
    await events.next(is('up'));
    fake.hung = true;
    const asked = assert.rejects(flowSwitch.apply(adding(flow(1))), { code: 'SWITCH_AWAY' });
    fake.cut();
    await asked;
    await events.next(is('down'));
    assert.equal(flowSwitch.connected, false);
    await assert.rejects(flowSwitch.readFlows(EVERYTHING), { code: 'SWITCH_AWAY' });
    fake.hung = false;
    await events.next(is('up'));
    await flowSwitch.apply(adding(flow(1)));
  });

  it('connects to an app that is started later', async () => {
    const first = await openFakeRyu({ datapaths: [1] });
    const port = Number(new URL(first.url).port);
    await first[Symbol.asyncDispose]();
    const events = heard(ryu(first.url).switchOf(1));
    const fake = await fakeRyu({ port });
    await events.next(is('up'));
    assert.ok(fake.opened >= 1);
  });

  it('gives up an app that hangs: DEADLINE, down, and another attempt that gets through later', async () => {
    const fake = await fakeRyu();
    const flowSwitch = ryu(fake.url, { deadlineMs: 300 }).switchOf(1);
    const events = heard(flowSwitch);
    await events.next(is('up'));
    fake.hung = true;
    await assert.rejects(flowSwitch.apply(adding(flow(1))), { code: 'DEADLINE' });
    await events.next(is('down'));
    fake.hung = false;
    await events.next(is('up'));
    await flowSwitch.apply(adding(flow(1)));
  });

  it('keeps a long answer alive while parts of it come', async () => {
    const fake = await fakeRyu({ flowsPerMessage: 3 });
    const flowSwitch = ryu(fake.url).switchOf(1);
    await heard(flowSwitch).next(is('up'));
    await flowSwitch.apply(adding(...Array.from({ length: 10 }, (_, i) => flow(i, i))));
    const found = await flowSwitch.readFlows(EVERYTHING);
    assert.deepEqual(
      found.map(({ cookie }) => cookie).sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
  });

  it('counts the deadline of a long answer from its last part', async () => {
    const clock = fakeClock();
    const fake = await fakeRyu();
    const flowSwitch = ryu(fake.url, { timers: clock, deadlineMs: 1_000 }).switchOf(1);
    const events = heard(flowSwitch);
    await events.next(is('up'));
    fake.mute = 'flows';
    const found = flowSwitch.readFlows(EVERYTHING);
    const id = await fake.nextId();
    const row = { table: 0, priority: 1, match: { in_port: 1 }, instructions: [], packets: 0 };
    for (const cookie of [1, 2, 3]) {
      await clock.advance(900);
      fake.say({ type: 'flows', id, flows: [{ ...row, cookie }], more: cookie < 3 });
      // what is told after it has come when this has
      fake.setPort(1, cookie, false);
      await events.next(event => event.type === 'portStatus' && event.port === cookie);
    }
    assert.deepEqual(
      (await found).map(({ cookie }) => cookie),
      [1, 2, 3],
    );
  });

  it('leaves foreign flows out of an answer, and tells of them', async () => {
    const foreign: number[] = [];
    const fake = await fakeRyu();
    const flowSwitch = ryu(fake.url, { onForeignFlows: (_datapath, count) => foreign.push(count) }).switchOf(1);
    await heard(flowSwitch).next(is('up'));
    fake.hung = true;
    const found = flowSwitch.readFlows(EVERYTHING);
    const wire = { table: 0, priority: 1, cookie: 2, match: { in_port: 1 }, instructions: [], packets: 3 };
    const id = await fake.nextId();
    fake.say({
      type: 'flows',
      id,
      flows: [wire, { ...wire, match: { tcp_dst: 80, eth_type: 0x800 } }],
      foreign: 2,
      more: false,
    });
    assert.deepEqual(await found, [{ ...flow(2), packets: 3 }]);
    assert.deepEqual(foreign, [3]);
  });

  for (const [what, text] of [
    ['no JSON', 'hello'],
    ['another kind of message', '{"type":"welcome"}'],
    ['an answer without an id', '{"type":"done"}'],
  ] as const)
    it(`hangs up on an app that says ${what}, and comes back`, async () => {
      const fake = await fakeRyu();
      const events = heard(ryu(fake.url).switchOf(1));
      await events.next(is('up'));
      fake.sayText(text);
      await events.next(is('down'));
      await events.next(is('up'));
    });

  it('takes answers to nothing, copies of nonsense and events of unknown switches', async () => {
    const fake = await fakeRyu();
    const flowSwitch = ryu(fake.url).switchOf(1);
    const events = heard(flowSwitch);
    await events.next(is('up'));
    fake.say({ type: 'done', id: 99 });
    fake.say({ type: 'refused', errors: [], detail: 'no request' });
    fake.say({ type: 'portStatus', datapath: 9, port: 1, up: true });
    fake.say({ type: 'flowRemoved', datapath: 1, table: 0, priority: 0, cookie: 0, packets: 0 });
    const registers = [1, 2, 3, 4, 5, 6, 7, 8];
    fake.say({ type: 'packetIn', datapath: 1, inPort: 1, table: 0, cookie: 1, metadata: 0, registers, data: 'zz' });
    const copy = await events.next(is('packetIn'));
    assert.ok(copy.type === 'packetIn');
    assert.deepEqual(copy.registers, [1, 2, 3, 4]);
    assert.equal(copy.wide1, '00000005000000060000000700000008');
    assert.deepEqual(copy.packet, { family: 'other' });
    await flowSwitch.apply(adding(flow(1)));
  });

  it('tells the ports that are down after up, to whoever comes later, too', async () => {
    const fake = await fakeRyu();
    const app = ryu(fake.url);
    const early = heard(app.switchOf(1));
    await early.next(is('up'));
    fake.setPort(1, 3, false);
    fake.setPort(1, 4, false);
    fake.setPort(1, 4, true);
    fake.setPort(2, 5, false);
    await app.switchOf(1).apply(adding());
    const late = heard(app.switchOf(1));
    assert.deepEqual(late.all, [{ type: 'up' }, { type: 'portStatus', datapath: 1, port: 3, up: false }]);
    const two = heard(app.switchOf(2));
    assert.deepEqual(two.all.slice(1), [{ type: 'portStatus', datapath: 2, port: 5, up: false }]);
  });

  it('gives up a server that answers nothing at all, and leaves nothing open', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const app = openRyu({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, deadlineMs: 50 });
    const [socket] = await accepted;
    socket.resume();
    // it never gets an answer to its handshake, so it hangs up by itself
    await once(socket, 'close');
    await app[Symbol.asyncDispose]();
    await new Promise(resolve => server.close(resolve));
  });
});
