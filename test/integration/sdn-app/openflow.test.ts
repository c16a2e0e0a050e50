import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../../../lab/network/free-port.js';
import type { Batch, FlowSwitch, SwitchEvent } from '../../../sdn-app/switch/flow-switch.js';
import { openOpenFlow, type OpenFlow, type OpenFlowOptions } from '../../../sdn-app/switch/openflow/adapter.js';
import { PlainSwitch } from '../../real/ryu/plain-switch.js';

const ADD: Batch = {
  meters: [],
  flows: [1, 2].map(port => ({
    op: 'add',
    flow: { table: 0, priority: 1, cookie: port, match: { inPort: port }, actions: [] },
  })),
};
const next = (flowSwitch: FlowSwitch, type: SwitchEvent['type']): Promise<void> =>
  new Promise(resolve => {
    const end = flowSwitch.listen(event => {
      if (event.type !== type) return;
      setImmediate(() => end());
      resolve();
    });
  });
const header = (type: number): Buffer => Buffer.from([4, type, 0, 8, 0, 0, 0, 0]);

describe('the controller of OpenFlow', () => {
  let port: number;
  let controller: OpenFlow;
  let broken: string[];

  async function open(options: Partial<OpenFlowOptions> = {}): Promise<void> {
    port = await freePort();
    broken = [];
    controller = openOpenFlow({
      listen: { address: '127.0.0.1', port },
      onBroken: (_peer, detail) => broken.push(detail),
      ...options,
    });
  }
  afterEach(() => controller[Symbol.asyncDispose]());

  /** A peer that says just what it is told to, once the controller listens. */
  async function peer(): Promise<Socket> {
    for (;;) {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => undefined);
      const [event] = await Promise.race([
        once(socket, 'connect').then(() => ['connect']),
        once(socket, 'close').then(() => ['close']),
      ]);
      if (event === 'connect') return socket;
    }
  }

  it('finds out what a plain switch cannot, and sends it flow by flow', async () => {
    await open();
    (await peer()).destroy();
    const plain = new PlainSwitch(port, 7);
    const flowSwitch = controller.switchOf(7);
    await next(flowSwitch, 'up');
    assert.deepEqual(flowSwitch.abilities, { bundles: false, moves: false, errors: true, packetIns: true });
    const before = plain.flowMods.length;
    await flowSwitch.apply(ADD);
    assert.equal(plain.flowMods.length - before, 2);
    assert.deepEqual(await flowSwitch.readFlows({ cookie: 0, mask: 0 }), []);
    const down = next(flowSwitch, 'down');
    plain.close();
    await down;
    await assert.rejects(flowSwitch.apply(ADD), { code: 'SWITCH_AWAY' });
  });

  it('says which action a switch refused, and that of a batch whose change it was', async () => {
    await open();
    (await peer()).destroy();
    const plain = new PlainSwitch(port, 7);
    const flowSwitch = controller.switchOf(7);
    await next(flowSwitch, 'up');
    const [first] = ADD.flows;
    assert.ok(first?.op === 'add');
    const load = { do: 'load', to: { field: 'reg0', offset: 0, length: 8 }, value: 1 } as const;
    const moving = { op: 'add', flow: { ...first.flow, actions: [load] } } as const;
    await assert.rejects(flowSwitch.apply({ meters: [], flows: [first, moving] }), (error: Error) => {
      const { type, code, detail } = error.cause as { type: string; code: string; detail: string };
      assert.deepEqual([type, code], ['BAD_ACTION', 'BAD_EXPERIMENTER']);
      assert.match(detail, /change 1 of the batch/);
      return true;
    });
    plain.close();
  });

  it('tells who speaks no OpenFlow so, hangs up, and serves the others', async () => {
    await open();
    for (const [bytes, detail] of [
      ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', /version 71 of OpenFlow|a message/],
      [Buffer.from([1, 0, 0, 8, 0, 0, 0, 1]), /version 1 of OpenFlow/],
      [Buffer.from([4, 0, 0, 7, 0, 0, 0, 1]), /shorter than its header/],
      [Buffer.concat([header(0), Buffer.from([4, 6, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0])]), /bounds/],
    ] as const) {
      const socket = await peer();
      const told: Buffer[] = [];
      socket.on('data', chunk => told.push(chunk));
      socket.write(bytes);
      // what is longer than what came is waited for
      if (typeof bytes === 'string') socket.write(Buffer.alloc(30_000));
      await once(socket, 'close');
      assert.match(broken.at(-1) ?? '', detail);
      const all = Buffer.concat(told);
      // OFPT_ERROR, BAD_REQUEST, BAD_LEN at the end
      assert.equal(all.subarray(-12, -10).toString('hex'), '0401');
      assert.equal(all.subarray(-4).toString('hex'), '00010006');
    }
    assert.equal(broken.length, 4);
    const plain = new PlainSwitch(port, 7);
    await next(controller.switchOf(7), 'up');
    plain.close();
  });

  it('gives up a switch that says nothing more, and what was asked of it is rejected', async () => {
    await open({ echoIntervalMs: 20, echoMisses: 1, deadlineMs: 60_000 });
    (await peer()).destroy();
    const plain = new PlainSwitch(port, 7);
    const flowSwitch = controller.switchOf(7);
    await next(flowSwitch, 'up');
    plain.hang();
    await assert.rejects(flowSwitch.apply(ADD), { code: 'SWITCH_AWAY' });
    plain.close();
  });

  it('rejects what is not answered in time, and gives up a switch that says nothing meanwhile', async () => {
    await open({ echoIntervalMs: 60_000, deadlineMs: 50 });
    (await peer()).destroy();
    const plain = new PlainSwitch(port, 7);
    const flowSwitch = controller.switchOf(7);
    await next(flowSwitch, 'up');
    plain.hang();
    const down = next(flowSwitch, 'down');
    await assert.rejects(flowSwitch.apply(ADD), { code: 'DEADLINE' });
    await down;
    plain.close();
  });

  it('goes to a switch that waits for it, again and again', async () => {
    const passive = createServer();
    passive.listen(0, '127.0.0.1');
    await once(passive, 'listening');
    const { port: at } = passive.address() as { port: number };
    await open({ listen: undefined, switches: [{ address: '127.0.0.1', port: at }] });
    for (let times = 0; times < 2; times++) {
      const [socket] = (await once(passive, 'connection')) as [Socket];
      const [hello] = (await once(socket, 'data')) as [Buffer];
      assert.equal(hello.subarray(0, 2).toString('hex'), '0400');
      socket.destroy();
    }
    passive.close();
  });

  it('takes a switch that connects again for another one, before its first connection has ended', async () => {
    await open();
    (await peer()).destroy();
    const flowSwitch = controller.switchOf(7);
    const first = new PlainSwitch(port, 7);
    await next(flowSwitch, 'up');
    const heard: string[] = [];
    const again = new Promise<void>(resolve =>
      flowSwitch.listen(({ type }) => {
        heard.push(type);
        if (heard.length === 3) resolve();
      }),
    );
    const second = new PlainSwitch(port, 7);
    await again;
    assert.deepEqual(heard, ['up', 'down', 'up']);
    await flowSwitch.apply(ADD);
    assert.equal(first.flowMods.length + 2, second.flowMods.length);
    first.close();
    second.close();
  });
});
