import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import { fault } from '../../protocol/errors.js';
import { OPENFLOW_PORT } from '../netns/address-plan.js';
import type { Network } from '../netns/network.js';
import type { SwitchPlan } from '../netns/plan.js';
import { OvsFolder, killed } from './ovs-folder.js';

/**
 * Where a switch has its controller. `passive`: it waits, and the controller comes (quickest after a restart: no
 * back-off); `active`: it calls, after 1, 2, 4, 8 s where nobody answers.
 */
export type ControllerAt =
  | { readonly mode: 'passive'; readonly port?: number }
  | {
      readonly mode: 'active';
      readonly address: string;
      readonly port: number;
    }
  | { readonly mode: 'none' };

/** Times of the connection. Open vSwitch heeds a change only while it is connected (measured), so set them then. */
export interface ControllerTimes {
  /** Longest wait between two attempts of an `active` switch; at least 1,000. */
  readonly maxBackoffMs?: number;
  /** A controller that says nothing for so long is asked, and dropped after as long again; 0 never, else at least 5,000. */
  readonly inactivityProbeMs?: number;
}

/** One Open vSwitch (userspace datapath) with one bridge, in a namespace and a folder of its own. */
export interface OpenVSwitch extends AsyncDisposable {
  readonly datapath: number;
  readonly bridge: string;
  /** Where it waits for its controller in passive mode: an address of the controller network. */
  readonly address: string;
  readonly folder: string;
  /** Of ovs-vswitchd, while it runs; SIGSTOP hangs it. */
  readonly pid: number | undefined;
  setController(at: ControllerAt): Promise<void>;
  setControllerTimes(times: ControllerTimes): Promise<void>;
  /** Adds flows in ovs-ofctl's syntax as one bundle, one a line. SWITCH_REFUSED with ovs-ofctl's words. */
  addFlows(lines: readonly string[]): Promise<void>;
  /** One line a flow, as `ovs-ofctl dump-flows` has them; `filter` is its match, e.g. `table=1` or `cookie=0x1/-1`. */
  dumpFlows(filter?: string): Promise<readonly string[]>;
  /** What would happen to a packet (`ofproto/trace`), e.g. `in_port=1,udp,nw_dst=10.64.0.1`. Changes no counter. */
  trace(flow: string): Promise<string>;
  /** ovs-vsctl, ovs-ofctl -O OpenFlow13 (a command before the bridge) and ovs-appctl of ovs-vswitchd for all the rest. */
  vsctl(...argv: readonly string[]): Promise<string>;
  ofctl(command: string, ...argv: readonly string[]): Promise<string>;
  appctl(...argv: readonly string[]): Promise<string>;
  /** SIGKILL to ovs-vswitchd: its flows are gone, its database stays. */
  kill(): Promise<void>;
  /** Starts ovs-vswitchd again, without flows, and resolves once its ports are there. */
  restart(): Promise<void>;
}

/**
 * Bytes that the packet socket of each port holds. A userspace datapath receives by these, and what comes while it has no
 * processor is lost where they are full: the kernel's default is 150 small frames, a tenth of a second at 1 kHz.
 */
const RECEIVE_BYTES = 16_777_216;
const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';

/** Starts the switch of a datapath of the network with all its ports, without flows: `fail_mode=secure`, OpenFlow 1.3. */
export async function openOpenVSwitch(
  network: Network,
  datapath: number,
  controller: ControllerAt = { mode: 'passive' },
): Promise<OpenVSwitch> {
  const plan = network.plan.switches.find(one => one.datapath === datapath);
  if (plan === undefined) throw fault('LAB_FAILED', `there is no switch ${datapath}`);
  const made = new LabOpenVSwitch(network, plan);
  try {
    await made.open(controller);
    return made;
  } catch (error) {
    await made[Symbol.asyncDispose]();
    throw error;
  }
}

class LabOpenVSwitch implements OpenVSwitch {
  readonly datapath: number;
  readonly bridge: string;
  readonly address: string;
  readonly #plan: SwitchPlan;
  readonly #network: Network;
  readonly #ovs: OvsFolder;
  #database: ChildProcess | undefined;
  #daemon: ChildProcess | undefined;

  constructor(network: Network, plan: SwitchPlan) {
    this.datapath = plan.datapath;
    this.bridge = `br${plan.datapath}`;
    this.address = plan.controlAddress;
    this.#plan = plan;
    this.#network = network;
    this.#ovs = new OvsFolder(network, plan.place, join(network.folder, `ovs-${plan.datapath}`));
  }

  get folder(): string {
    return this.#ovs.folder;
  }

  get pid(): number | undefined {
    return this.#daemon?.pid;
  }

  async open(controller: ControllerAt): Promise<void> {
    const { bridge } = this;
    const database = this.#ovs.file('conf.db');
    mkdirSync(this.folder, { recursive: true });
    await this.#ovs.tool(['ovsdb-tool', 'create', database, SCHEMA]);
    this.#database = await this.#ovs.start('ovsdb-server', [database, `--remote=punix:${this.#ovs.file('db.sock')}`]);
    await this.#ovs.vsctl(['--no-wait', 'init']);
    await this.#startDaemon();
    const id = this.datapath.toString(16).padStart(16, '0');
    await this.vsctl(
      ...['add-br', bridge, '--', 'set', 'bridge', bridge],
      ...['datapath_type=netdev', 'fail_mode=secure', 'protocols=OpenFlow13', `other_config:datapath-id=${id}`],
      ...this.#plan.ports.flatMap(({ port, device }) => [
        ...['--', 'add-port', bridge, device],
        ...['--', 'set', 'interface', device, `ofport_request=${port}`],
      ]),
      ...controllerWords(bridge, controller, this.address),
    );
    await this.#checkPorts();
    await this.#makeRoom();
  }

  async setController(at: ControllerAt): Promise<void> {
    await this.vsctl('del-controller', this.bridge, ...controllerWords(this.bridge, at, this.address));
  }

  async setControllerTimes({ maxBackoffMs, inactivityProbeMs }: ControllerTimes): Promise<void> {
    const words = [
      ...(maxBackoffMs === undefined ? [] : [`max_backoff=${maxBackoffMs}`]),
      ...(inactivityProbeMs === undefined ? [] : [`inactivity_probe=${inactivityProbeMs}`]),
    ];
    if (words.length > 0) await this.vsctl('set', 'controller', this.bridge, ...words);
  }

  async addFlows(lines: readonly string[]): Promise<void> {
    await this.#ovs.ofctl(this.bridge, ['--bundle', 'add-flows'], ['-'], `${lines.join('\n')}\n`);
  }

  async dumpFlows(filter?: string): Promise<readonly string[]> {
    const text = await this.ofctl('dump-flows', ...(filter === undefined ? [] : [filter]));
    return text.split('\n').filter(line => line.includes('actions='));
  }

  trace(flow: string): Promise<string> {
    return this.appctl('ofproto/trace', this.bridge, flow);
  }

  vsctl(...argv: readonly string[]): Promise<string> {
    // A daemon that was killed finds the change when it is started again.
    return this.#ovs.vsctl(this.#daemon === undefined ? ['--no-wait', ...argv] : argv);
  }

  ofctl(command: string, ...argv: readonly string[]): Promise<string> {
    return this.#ovs.ofctl(this.bridge, [command], argv);
  }

  appctl(...argv: readonly string[]): Promise<string> {
    return this.#ovs.appctl('ovs-vswitchd', argv);
  }

  async kill(): Promise<void> {
    await killed(this.#daemon);
    this.#daemon = undefined;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.#startDaemon();
    // ovs-vsctl returns once the daemon has applied what the database says.
    await this.vsctl('set', 'open_vswitch', '.', `external_ids:restarted=${this.pid}`);
    await this.#checkPorts();
    await this.#makeRoom();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await killed(this.#database);
  }

  /** Once its ports are there. */
  async #makeRoom(): Promise<void> {
    const file = join(packageRoot(), 'lab/open-vswitch/receive_room.py');
    const said = await this.#network.run(this.#plan.place, ['python3', file, `${this.pid}`, `${RECEIVE_BYTES}`]);
    if (Number(said) < this.#plan.ports.length)
      throw fault('LAB_FAILED', `room was made for ${said.trim()} of ${this.#plan.ports.length} ports`);
  }

  async #startDaemon(): Promise<void> {
    const remote = `unix:${this.#ovs.file('db.sock')}`;
    this.#daemon = await this.#ovs.start('ovs-vswitchd', [remote, '--disable-system']);
  }

  /** A port number that is taken, or a device that is not there, is no error to ovs-vsctl. */
  async #checkPorts(): Promise<void> {
    const rows = await this.vsctl('--format=csv', '--no-headings', '--columns=name,ofport', 'list', 'interface');
    const numbers = new Map(rows.split('\n').map(row => row.trim().split(',') as [string, string]));
    for (const { port, device } of this.#plan.ports)
      if (numbers.get(device) !== String(port))
        throw fault('LAB_FAILED', `${device} has port number ${numbers.get(device)}, not ${port}`);
  }
}

function controllerWords(bridge: string, at: ControllerAt, address: string): string[] {
  if (at.mode === 'none') return [];
  const target = at.mode === 'passive' ? `ptcp:${at.port ?? OPENFLOW_PORT}:${address}` : `tcp:${at.address}:${at.port}`;
  return ['--', 'set-controller', bridge, target];
}
