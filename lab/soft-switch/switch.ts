import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { ipv4ToNumber, numberToIpv4 } from '../../protocol/addresses.js';
import { fault } from '../../protocol/errors.js';
import type { MetricName } from '../../protocol/metrics.js';
import { otherEnd, type Port, type Topology } from '../../protocol/topology.js';
import type { SoftMessage, SoftRequest } from '../../sdn-app/switch/soft-protocol.js';
import type { Batch } from '../../sdn-app/switch/flow-switch.js';
import { decodeFrame, encodeFrame } from '../network/frame.js';
import { AliasSockets, type End } from './alias-sockets.js';
import { ControlServer } from './control-server.js';
import { HostPorts } from './host-ports.js';
import { applyBatch, createSwitch, process, readFlows, type Delivery, type Packet } from './model.js';
import type { Headers } from './packet.js';

export interface SwitchOptions {
  readonly datapath: number;
  readonly topology: Topology;
  /** Where mobile routers send frames to. */
  readonly listen: { readonly address: string; readonly port: number };
  readonly control: { readonly address: string; readonly port: number };
  /** Where frames of a port go to before a router has sent one through it. */
  readonly radio: { readonly address: string; readonly port: number };
  readonly socketsMax: number;
  /** Where the switch at the other end of each trunk listens, by the number of the trunk's port here. */
  readonly trunks?: ReadonlyMap<number, { readonly address: string; readonly port: number }>;
}

export interface SwitchDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

export interface LabSwitch extends AsyncDisposable {
  readonly udpPort: number;
  readonly controlPort: number;
}

const UDP = 17;

/** What became of a datagram, as `lab_switch_packets_total` counts it. */
type Fate =
  | 'to-host'
  | 'to-router'
  | 'to-switch'
  | 'dropped'
  | 'normal'
  | 'bad-frame'
  | 'unknown-port'
  | 'unknown-host'
  | 'failed'
  | 'copy'
  | 'copy-missed';

/**
 * Opens the model of a switch behind sockets. Access ports are frames to and from mobile routers, host ports are datagrams
 * from and to (alias, tag). A datagram of a host enters by the port through which flows send to that host. Flows live as
 * long as this object: as with Open vSwitch, a switch that is started again is empty.
 */
export async function openLabSwitch(options: SwitchOptions, deps: SwitchDeps): Promise<LabSwitch> {
  const { topology, datapath } = options;
  const ports = topology.switches.find(row => row.datapath === datapath)?.ports;
  if (ports === undefined) throw fault('TOPOLOGY_INVALID', `no switch has datapath ${datapath}`);
  const running = new RunningSwitch(options, deps, new Map(ports.map(port => [port.port, port])));
  return running.open();
}

class RunningSwitch {
  readonly #options: SwitchOptions;
  readonly #deps: SwitchDeps;
  readonly #ports: ReadonlyMap<number, Port>;
  readonly #state;
  readonly #frames: Socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) });
  /** Where the last frame of an access port came from. */
  readonly #routers = new Map<number, { readonly address: string; readonly port: number }>();
  readonly #hosts: HostPorts;
  readonly #aliases: AliasSockets;
  readonly #control: ControlServer;

  constructor(options: SwitchOptions, deps: SwitchDeps, ports: ReadonlyMap<number, Port>) {
    this.#options = options;
    this.#deps = deps;
    this.#ports = ports;
    this.#hosts = new HostPorts(ports);
    this.#state = createSwitch(options.datapath);
    this.#aliases = new AliasSockets({
      max: options.socketsMax,
      shared: [...ports.values()].some(({ role }) => role === 'trunk'),
      onDatagram: (end, payload, from) => this.#fromHost(end, payload, from),
      onError: (end, error) => {
        this.#count('failed');
        deps.log.warn({
          event: 'lab-switch.socket-failed',
          alias: numberToIpv4(end.ip),
          tag: end.port,
          error: messageOf(error),
        });
      },
    });
    this.#control = new ControlServer({
      listen: options.control,
      hello: { type: 'hello', datapath: options.datapath },
      handle: request => this.#handle(request),
      onRefused: refusal => {
        deps.metrics.count('lab_switch_control_errors_total', { type: refusal.type });
        deps.log.warn({ event: 'lab-switch.request-refused', ...refusal });
      },
      onConnection: what => {
        if (what === 'connected') deps.log.info({ event: 'lab-switch.controller-connected' });
        else deps.log.info({ event: 'lab-switch.controller-lost' });
      },
    });
  }

  async open(): Promise<LabSwitch> {
    const { listen } = this.#options;
    this.#frames.on('message', (bytes, from) => this.#fromFrame(bytes, from));
    // nothing is looked up, so it may be listening before `bind` returns
    const listening = once(this.#frames, 'listening');
    this.#frames.bind({ address: listen.address, port: listen.port, exclusive: true });
    await listening;
    this.#frames.on('error', error => {
      this.#count('failed');
      this.#deps.log.warn({ event: 'lab-switch.socket-failed', error: messageOf(error) });
    });
    const controlPort = await this.#control.listen();
    return {
      udpPort: this.#frames.address().port,
      controlPort,
      [Symbol.asyncDispose]: async () => {
        await this.#control[Symbol.asyncDispose]();
        await new Promise<void>(resolve => this.#frames.close(() => resolve()));
        await this.#aliases[Symbol.asyncDispose]();
      },
    };
  }

  #fromFrame(bytes: Uint8Array, from: RemoteInfo): void {
    const frame = decodeFrame(bytes);
    if (frame === undefined) {
      this.#count('bad-frame');
      return;
    }
    const role = this.#ports.get(frame.port)?.role;
    if (role !== 'access' && role !== 'trunk') {
      this.#count('unknown-port');
      return;
    }
    if (role === 'access') this.#routers.set(frame.port, { address: from.address, port: from.port });
    this.#run(
      {
        inPort: frame.port,
        ipProto: UDP,
        fragment: false,
        ipSrc: ipv4ToNumber(frame.srcIp),
        ipDst: ipv4ToNumber(frame.dstIp),
        udpSrc: frame.srcPort,
        udpDst: frame.dstPort,
      },
      frame.payload,
    );
  }

  #fromHost(end: End, payload: Uint8Array, from: RemoteInfo): void {
    const ipSrc = ipv4ToNumber(from.address);
    const inPort = this.#hosts.of(from.address);
    if (inPort === undefined) {
      this.#count('unknown-host');
      return;
    }
    this.#run(
      { inPort, ipProto: UDP, fragment: false, ipSrc, udpSrc: from.port, ipDst: end.ip, udpDst: end.port },
      payload,
    );
  }

  #run(packet: Packet, payload: Uint8Array): void {
    const { outputs, packetIns } = process(this.#state, packet, this.#deps.clock.monotonicMs());
    if (outputs.length === 0) this.#count('dropped');
    for (const delivery of outputs) this.#deliver(delivery, payload);
    for (const packetIn of packetIns) {
      const message = { type: 'packetIn', ...packetIn } as Extract<SoftMessage, { type: 'packetIn' }>;
      this.#count(this.#control.tell(message) > 0 ? 'copy-missed' : 'copy');
    }
  }

  #deliver({ port, packet }: Delivery, payload: Uint8Array): void {
    const role = port === 'NORMAL' ? 'normal' : this.#ports.get(port)?.role;
    if (role === 'host') {
      this.#aliases.send({ ip: packet.ipSrc, port: packet.udpSrc }, { ip: packet.ipDst, port: packet.udpDst }, payload);
      this.#deps.metrics.set('lab_switch_sockets', this.#aliases.size);
      this.#count('to-host');
    } else if (role === 'access' && typeof port === 'number') {
      this.#sendFrame(port, this.#routers.get(port) ?? this.#options.radio, packet, payload);
      this.#count('to-router');
    } else if (role === 'trunk' && typeof port === 'number') {
      const to = this.#options.trunks?.get(port);
      const there = otherEnd(this.#options.topology, this.#options.datapath, port);
      if (to !== undefined && there !== undefined) this.#sendFrame(there, to, packet, payload);
      this.#count(to === undefined || there === undefined ? 'unknown-port' : 'to-switch');
    } else this.#count(role === 'normal' ? 'normal' : 'unknown-port'); // nothing but twins is behind this switch
  }

  #sendFrame(port: number, to: { address: string; port: number }, packet: Headers, payload: Uint8Array): void {
    const { ipSrc, udpSrc, ipDst, udpDst } = packet;
    const addresses = { srcIp: numberToIpv4(ipSrc), srcPort: udpSrc, dstIp: numberToIpv4(ipDst), dstPort: udpDst };
    this.#frames.send(encodeFrame({ port, ...addresses, payload }), to.port, to.address, error => {
      if (error !== null) this.#count('failed');
    });
  }

  #handle(request: Exclude<SoftRequest, { op: 'lead' }>): SoftMessage {
    switch (request.op) {
      case 'batch': {
        const batch = request.batch as Batch;
        const refusal = applyBatch(this.#state, batch);
        if (refusal !== undefined) return { type: 'refused', id: request.id, refusal };
        this.#hosts.learn(batch);
        return { type: 'done', id: request.id };
      }
      case 'flows': {
        const flows = readFlows(this.#state, request);
        return { type: 'flows', id: request.id, flows: flows as Extract<SoftMessage, { type: 'flows' }>['flows'] };
      }
      case 'port': {
        const { port, up } = request;
        if (up) this.#state.downPorts.delete(port);
        else this.#state.downPorts.add(port);
        this.#control.tell({ type: 'portStatus', datapath: this.#options.datapath, port, up });
        return { type: 'done', id: request.id };
      }
    }
  }

  #count(fate: Fate): void {
    this.#deps.metrics.count('lab_switch_packets_total', { fate });
  }
}
