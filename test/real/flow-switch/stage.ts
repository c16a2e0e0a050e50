import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fromHex, toHex } from '../../../common/hex.js';
import { Resources } from '../../../common/lifecycle.js';
import { packageRoot } from '../../../common/package-root.js';
import { openNetwork, type Network } from '../../../lab/netns/network.js';
import { WIRE } from '../../../lab/netns/plan.js';
import { openOpenVSwitch, type OpenVSwitch } from '../../../lab/open-vswitch/open-vswitch.js';
import type { FlowSwitch, PacketHeaders } from '../../../sdn-app/switch/flow-switch.js';
import { readPacket } from '../../../sdn-app/switch/packet.js';
import { Arrivals } from '../../fakes/sdn-network.js';
import { accessPoint } from '../netns/lab.js';
import { startRyu, type RyuProcess } from './ryu-process.js';

/** The ports of switch 1 in the tests of the tables, and one more. To the lab they are all access ports. */
export const PORTS = [1, 2, 3, 4, 11, 13, 20];
const LINE = /^(\S+) ([0-9a-f]+)$/;

export interface Frame {
  readonly port: number;
  readonly bytes: Uint8Array;
  readonly headers: PacketHeaders;
}

/** One Open vSwitch in a namespace, frames at its ports, and as many Ryus as it is given. */
export interface Stage extends AsyncDisposable {
  readonly network: Network;
  readonly ports: readonly number[];
  readonly openVSwitch: OpenVSwitch;
  /** Another Ryu of the same switch. */
  addRyu(): Promise<RyuProcess>;
  /** Another controller of the same switch, which listens at a port of 127.0.0.1. */
  addController(openFlowPort: number): Promise<void>;
  send(port: number, frame: Uint8Array): void;
  /** Everything that came out of any port. */
  readonly out: Arrivals<Frame>;
  setPort(port: number, up: boolean): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const all = new Resources();
  try {
    return await build(all);
  } catch (error) {
    await all[Symbol.asyncDispose]();
    throw error;
  }
}

async function build(all: Resources): Promise<Stage> {
  const network = all.use(
    await openNetwork({
      topology: {
        domains: ['edge-1'],
        switches: [
          {
            datapath: 1,
            ports: PORTS.map(port => ({ port, role: 'access', domain: 'edge-1', accessPoint: `ap-${port}` })),
          },
        ],
        accessPoints: PORTS.map(port => accessPoint(`ap-${port}`, 'edge-1')),
      },
      cars: [{ name: 'car-1', at: 'ap-1' }],
    }),
  );
  const openVSwitch = all.use(await openOpenVSwitch(network, 1, { mode: 'none' }));
  const controllers: string[] = [];
  const devices = PORTS.map(port => uplink(network, port));
  const program = join(packageRoot(), 'test/real/flow-switch/taps.py');
  const taps = network.exec(WIRE, ['python3', '-u', program, ...devices], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdin, stdout } = taps;
  if (stdin === null || stdout === null) throw new Error('no pipes');
  stdin.on('error', () => undefined);
  const lines = createInterface({ input: stdout });
  await once(lines, 'line');
  const addController = async (openFlowPort: number): Promise<void> => {
    // Open vSwitch takes a socket as its controller in its own folder only
    const path = join(openVSwitch.folder, `controller-${controllers.length}.sock`);
    all.use(await openRelay(path, openFlowPort));
    controllers.push(`unix:${path}`);
    await openVSwitch.vsctl('set-controller', openVSwitch.bridge, ...controllers);
  };
  const out = new Arrivals<Frame>();
  lines.on('line', line => {
    const [, device = '', hex = ''] = LINE.exec(line) ?? [];
    const bytes = fromHex(hex) ?? new Uint8Array();
    out.push({ port: PORTS[devices.indexOf(device)] ?? 0, bytes, headers: readPacket(bytes) });
  });
  return {
    network,
    ports: PORTS,
    openVSwitch,
    out,
    addController,
    async addRyu() {
      const ryu = all.use(await startRyu(network.folder));
      await addController(ryu.openFlowPort);
      return ryu;
    },
    send: (port, frame) => void stdin.write(`${uplink(network, port)} ${toHex(frame)}\n`),
    setPort: (port, up) => network.setLink(`access:ap-${port}`, { up }),
    [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
  };
}

/** The other end of the switch's port: what is sent there enters the switch, what the switch sends comes in there. */
const uplink = ({ plan }: Network, port: number): string =>
  plan.wires.find(({ link }) => link === `access:ap-${port}`)?.from.device ?? '';

/** From a path, which is the same in every namespace, to a port of this one: the way of a switch to its controller. */
async function openRelay(path: string, port: number): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer(near => {
    const far = connect({ host: '127.0.0.1', port, noDelay: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

export const connected = (flowSwitch: FlowSwitch): Promise<void> =>
  new Promise(resolve => flowSwitch.listen(event => event.type === 'up' && resolve()));
