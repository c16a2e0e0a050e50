import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { openNetwork, type Network } from '../../../lab/netns/network.js';
import { processesOf } from '../../../lab/netns/sweep.js';
import { openOpenVSwitch, type OpenVSwitch } from '../../../lab/open-vswitch/open-vswitch.js';
import { eventually } from '../../fakes/eventually.js';
import { COAP, SMALL, TWIN, endAll, handMade, needsLab, openSocket } from '../netns/lab.js';

/** A controller that says hello (OpenFlow 1.3, version 4) and prints the type of every message it gets, `closed` at the end. */
const CONTROLLER = `
const net = require('node:net');
const [mode, port, address] = process.argv.slice(1);
const hello = Buffer.from([4, 0, 0, 8, 0, 0, 0, 1]);
const follow = socket => {
  socket.write(hello);
  socket.on('data', chunk => {
    for (let at = 0; at + 8 <= chunk.length; at += chunk.readUInt16BE(at + 2)) console.log('type ' + chunk[at + 1]);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => console.log('closed'));
};
if (mode === 'connect') follow(net.connect(Number(port), address));
else net.createServer(follow).listen(Number(port), address, () => console.log('listening'));
`;

describe('Open vSwitch of the network lab', function () {
  this.timeout(60_000);
  let network: Network;
  let flows: OpenVSwitch;
  before(needsLab);
  beforeEach(async () => {
    network = await openNetwork({ ...SMALL, links: { 'control:1': { delayMs: 1 } } });
    flows = await openOpenVSwitch(network, 1);
  });
  afterEach(() => endAll([network]));

  /** What a controller prints, line after line; none is missed between two questions. */
  const controller = (...argv: readonly string[]): AsyncIterator<string> => {
    const child = network.exec('manager', [process.execPath, '-e', CONTROLLER, ...argv], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    assert.ok(child.stdout);
    return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  };
  const hears = async (lines: AsyncIterator<string>, wanted: string): Promise<void> => {
    for (;;) {
      const line = await lines.next();
      assert.notEqual(line.done, true, `the controller ended before it heard '${wanted}'`);
      if (line.value === wanted) return;
    }
  };

  it('has the ports of the topology under their numbers, its datapath id, and no flow', async () => {
    const ports = [...(await flows.ofctl('dump-ports-desc')).matchAll(/^ (\d+)\((\w+)\)/gm)].map(found => found[1]);
    assert.deepEqual(
      ports.map(Number).toSorted((a, b) => a - b),
      [1, 2, 101, 102, 200],
    );
    assert.match(await flows.ofctl('show'), /dpid:0000000000000001/);
    assert.deepEqual(await flows.dumpFlows(), []);
  });

  it('has room at every port for what comes while it has no processor, restarted or not', async () => {
    const sizes = async (): Promise<number[]> => {
      const said = await network.run('sw-1', ['ss', '-0', '-a', '-m', '-n', '-H']);
      return [...said.matchAll(/,rb(\d+),/g)].map(([, bytes]) => Number(bytes));
    };
    const before = await sizes();
    assert.equal(before.length, 5);
    assert.ok(Math.min(...before) >= 16_777_216, `bytes: ${before.join(', ')}`);
    await flows.restart();
    assert.deepEqual(await sizes(), before);
  });

  it('waits for its controller in the controller network, and takes one that comes', async () => {
    await hears(controller('connect', '6653', flows.address), 'type 0');
  });

  it('calls a controller that it is told of, over a link that can be cut', async () => {
    const lines = controller('listen', '6653', network.plan.stations[0]?.controlAddress ?? '');
    await hears(lines, 'listening');
    await flows.setController({ mode: 'active', address: network.plan.stations[0]?.controlAddress ?? '', port: 6653 });
    await hears(lines, 'type 0');
    await flows.setControllerTimes({ maxBackoffMs: 2_000, inactivityProbeMs: 1_000 });
    assert.match(await flows.vsctl('list', 'controller'), /inactivity_probe +: 1000[\s\S]*max_backoff +: 2000/);
    const link = (): Promise<string> => network.run('sw-1', ['ip', 'link', 'show', 'ctl']);
    await network.setLink('control:1', { up: false });
    assert.match(await link(), /NO-CARRIER/);
    await network.setLink('control:1', { up: true });
    assert.doesNotMatch(await link(), /NO-CARRIER/);
  });

  it('refuses a flow that is none, and then has none of the others either', async () => {
    await assert.rejects(flows.addFlows(['actions=NORMAL', 'nonsense']), {
      code: 'SWITCH_REFUSED',
      message: /-:2: must specify an action/,
    });
    assert.deepEqual(await flows.dumpFlows(), []);
  });

  it('says where a packet would go, and counts those that went', async () => {
    await flows.addFlows(handMade(network, 'host-2', 102));
    const text = await flows.trace(`in_port=2,udp,nw_src=10.112.0.1,nw_dst=${TWIN},udp_src=1,udp_dst=${COAP}`);
    assert.match(text, /Final flow: udp,.*nw_src=10\.80\.0\.1,nw_dst=10\.96\.32\.1,.*tp_src=2050,tp_dst=5683/);
    const host = await openSocket(network, 'host-2', COAP);
    const car = await openSocket(network, 'car-1', COAP);
    car.send(TWIN, COAP, 'counted');
    await host.next();
    // The counters of the data path reach the flow tables with the next revalidation.
    await eventually('the datagram is counted', async () =>
      / n_packets=1, /.test((await flows.dumpFlows(`udp,nw_dst=${TWIN}`)).join('')),
    );
  });

  it('goes on without a controller, and is changed while ovs-vswitchd is dead', async () => {
    await flows.kill();
    await flows.setController({ mode: 'none' });
    assert.equal(flows.pid, undefined);
    await flows.restart();
    assert.equal((await flows.vsctl('get-controller', flows.bridge)).trim(), '');
  });

  it('closes by itself: its processes are gone, the network stays', async () => {
    const before = processesOf(network.folder).length;
    await flows[Symbol.asyncDispose]();
    assert.equal(processesOf(network.folder).length, before - 2);
    await assert.rejects(openOpenVSwitch(network, 9), { code: 'LAB_FAILED' });
  });
});
