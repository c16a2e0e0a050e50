import { once } from 'node:events';
import { createSocket, type Socket } from 'node:dgram';
import { systemClock, systemTimers } from '../../common/clock.js';
import { silentLog } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import { decodeFrame, encodeFrame, type Frame } from '../../lab/network/frame.js';
import { openLabSwitch, type LabSwitch, type SwitchOptions } from '../../lab/soft-switch/switch.js';
import type { HostRef } from '../../protocol/api/common.js';
import {
  attachmentChanged,
  type AttachmentAnswer,
  type AttachmentChanged,
  type ServiceLease,
  type ServiceLeaseRequest,
  type VehicleRecord,
} from '../../protocol/api/md-manager.js';
import type { Pool, ReservationList } from '../../protocol/api/pools.js';
import { fault } from '../../protocol/errors.js';
import { METRICS } from '../../protocol/metrics.js';
import type { Topology } from '../../protocol/topology.js';
import type { ManagerLink } from '../../sdn-app/manager-link.js';

/** Access ports 1 (edge-1), 2 (edge-2) and 3 (edge-1); hosts of edge-1, edge-2 and core behind 11, 12 and 13. */
export const TOPOLOGY: Topology = {
  domains: ['core', 'edge-1', 'edge-2'],
  switches: [
    {
      datapath: 1,
      ports: [
        { port: 1, role: 'access', domain: 'edge-1', accessPoint: 'ap-1' },
        { port: 2, role: 'access', domain: 'edge-2', accessPoint: 'ap-2' },
        { port: 3, role: 'access', domain: 'edge-1', accessPoint: 'ap-3' },
        { port: 11, role: 'host', domain: 'edge-1' },
        { port: 12, role: 'host', domain: 'edge-2' },
        { port: 13, role: 'host', domain: 'core' },
      ],
    },
  ],
  accessPoints: [],
};

/** Things that arrive one after another; `next` waits for the next one that fits. */
export class Arrivals<T> {
  readonly all: T[] = [];
  readonly #waiting: { fits: (item: T) => boolean; resolve: (item: T) => void }[] = [];
  #taken = 0;

  push(item: T): void {
    this.all.push(item);
    const at = this.#waiting.findIndex(({ fits }) => fits(item));
    if (at < 0) return;
    this.#taken = this.all.length;
    this.#waiting.splice(at, 1)[0]?.resolve(item);
  }

  next(fits: (item: T) => boolean = () => true): Promise<T> {
    for (let i = this.#taken; i < this.all.length; i++) {
      const item = this.all[i]!;
      if (!fits(item)) continue;
      this.#taken = i + 1;
      return Promise.resolve(item);
    }
    return new Promise(resolve => this.#waiting.push({ fits, resolve }));
  }
}

async function bound(address: string, port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind({ address, port, exclusive: true });
  await once(socket, 'listening');
  return socket;
}

const closed = (socket: Socket): Promise<void> => new Promise(resolve => socket.close(() => resolve()));

/** A host that acknowledges every datagram with `ack <what it said>`. */
export async function openFakeHost(address: string): Promise<
  AsyncDisposable & {
    readonly got: Arrivals<{ text: string; alias: string; tag: number }>;
    send(text: string, alias: string, tag: number): void;
  }
> {
  const socket = await bound(address, 5683);
  const got = new Arrivals<{ text: string; alias: string; tag: number }>();
  socket.on('message', (bytes, from) => {
    socket.send(`ack ${bytes.toString()}`, from.port, from.address);
    got.push({ text: bytes.toString(), alias: from.address, tag: from.port });
  });
  return {
    got,
    send: (text, alias, tag) => socket.send(text, tag, alias),
    [Symbol.asyncDispose]: () => closed(socket),
  };
}

/** The mobile routers of all cars: sends frames into ports and takes what comes out. */
export async function openFakeRouter(address: string): Promise<
  AsyncDisposable & {
    readonly port: number;
    readonly got: Arrivals<Frame & { text: string }>;
    send(to: { address: string; port: number }, frame: Omit<Frame, 'payload'>, text: string): void;
  }
> {
  const socket = await bound(address, 0);
  const got = new Arrivals<Frame & { text: string }>();
  socket.on('message', bytes => {
    const frame = decodeFrame(bytes);
    if (frame !== undefined) got.push({ ...frame, text: Buffer.from(frame.payload).toString() });
  });
  return {
    got,
    port: socket.address().port,
    send: (to, frame, text) => socket.send(encodeFrame({ ...frame, payload: Buffer.from(text) }), to.port, to.address),
    [Symbol.asyncDispose]: () => closed(socket),
  };
}

/** A manager whose answers the test sets; the lease goes to whoever asks first, until it is taken away. */
export class FakeManager implements ManagerLink {
  readonly reports = new Arrivals<AttachmentChanged>();
  readonly records = new Map<string, VehicleRecord>();
  readonly asked = new Arrivals<ServiceLeaseRequest>();
  reserved: ReservationList = { armed: [], tickets: [] };
  hosts: HostRef[] = [];
  away = false;
  /** Vehicles in one page. */
  pageRows = 2_000;
  /** Absent: nobody has it. */
  leased: { holder: string; url: string; term: number } | undefined;
  #terms = 0;

  lease({ holder, url, ttlMs, begins }: ServiceLeaseRequest): Promise<ServiceLease> {
    if (this.away) return Promise.reject(fault('UPSTREAM_AWAY', 'manager'));
    if (begins === true && this.leased?.url === url && this.leased.holder !== holder) this.leased = undefined;
    this.leased ??= { holder, url, term: ++this.#terms };
    this.asked.push({ holder, url, ttlMs, ...(begins === undefined ? {} : { begins }) });
    return Promise.resolve({ ...this.leased, ttlMs });
  }

  /** What happens when its holder was not heard for the time of the lease. */
  expireLease(): void {
    this.leased = undefined;
  }

  async *vehicles(): AsyncGenerator<{ term: number; vehicles: VehicleRecord[] }, void> {
    const all = [...this.records.values()];
    do yield await this.#unlessAway({ term: 1, vehicles: all.splice(0, this.pageRows) });
    while (all.length > 0);
  }

  reservations(): Promise<ReservationList> {
    return this.#unlessAway(this.reserved);
  }

  pools(): Promise<Pool[]> {
    const hosts = this.hosts.map(host => ({ host, pid: 1, slots: [] }));
    return this.#unlessAway([{ domain: 'any', size: hosts.length, hosts, starting: 0 }]);
  }

  report(change: AttachmentChanged): Promise<AttachmentAnswer> {
    if (this.away) return Promise.reject(fault('UPSTREAM_AWAY', 'manager'));
    // as the manager's own route does
    this.reports.push(attachmentChanged.parse(change));
    return Promise.resolve({ result: 'started' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #unlessAway = <T>(answer: T): Promise<T> =>
    this.away ? Promise.reject(fault('UPSTREAM_AWAY', 'manager')) : Promise.resolve(answer);
}

export const hostRef = (host: string, domain: string, address: string): HostRef => ({
  host,
  domain,
  address,
  port: 5683,
  control: `http://${address}:5684`,
});

export const sdnMetrics = (): Metrics<keyof typeof METRICS> => new Metrics(METRICS);

export const openTestSwitch = (
  address: string,
  radioPort: number,
  ports: {
    udp?: number;
    control?: number;
    socketsMax?: number;
    datapath?: number;
    topology?: Topology;
    trunks?: SwitchOptions['trunks'];
  } = {},
): Promise<LabSwitch> =>
  openLabSwitch(
    {
      datapath: ports.datapath ?? 1,
      topology: ports.topology ?? TOPOLOGY,
      listen: { address, port: ports.udp ?? 0 },
      control: { address, port: ports.control ?? 0 },
      radio: { address, port: radioPort },
      socketsMax: ports.socketsMax ?? 64,
      ...(ports.trunks === undefined ? {} : { trunks: ports.trunks }),
    },
    { clock: systemClock, log: silentLog, metrics: sdnMetrics() },
  );

export { systemTimers };
