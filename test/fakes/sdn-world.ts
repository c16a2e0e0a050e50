import { randomUUID } from 'node:crypto';
import { silentLog } from '../../common/log.js';
import type { CommandHeader, HostRef } from '../../protocol/api/common.js';
import type { StandbySlot } from '../../protocol/api/sdn-app.js';
import { LOOPBACK_PLAN, UNCONFIRMED_BIT, ipv4ToNumber, twinAddress } from '../../protocol/addresses.js';
import type { VehicleRecord } from '../../protocol/api/md-manager.js';
import type { Topology } from '../../protocol/topology.js';
import { DETECTORS } from '../../sdn-app/attachment/detectors.js';
import type { Rules } from '../../sdn-app/attachment/machine.js';
import { install } from '../../sdn-app/commands.js';
import { encodeCookie } from '../../sdn-app/redirect/cookie.js';
import { TABLE } from '../../sdn-app/redirect/network.js';
import { SdnService } from '../../sdn-app/service.js';
import { fakeClock, type FakeClock } from './fake-clock.js';
import { MemorySwitch, SwitchState } from './memory-switch.js';
import { FakeManager, TOPOLOGY, hostRef, sdnMetrics } from './sdn-network.js';

export const core = hostRef('core/1', 'core', '127.96.0.1');
export const edge1 = hostRef('edge-1/1', 'edge-1', '127.96.0.11');
export const edge2 = hostRef('edge-2/1', 'edge-2', '127.96.0.21');

export const headerOf = (epoch: number, term = 1): CommandHeader => ({
  term,
  handover: 'h',
  attempt: 0,
  epoch,
  way: 'manager',
});

export const slotOf = (lease: string, host: HostRef): StandbySlot => ({ lease, domain: host.domain, host });

/** Switch 1 has the ports of {@link TOPOLOGY} without the host port of edge-2, which is behind switch 2 with an access port. */
export const TWO_SWITCHES: Topology = {
  domains: ['core', 'edge-1', 'edge-2'],
  switches: [
    {
      datapath: 1,
      ports: [
        { port: 1, role: 'access', domain: 'edge-1', accessPoint: 'ap-1' },
        { port: 2, role: 'access', domain: 'edge-1', accessPoint: 'ap-2' },
        { port: 11, role: 'host', domain: 'edge-1' },
        { port: 13, role: 'host', domain: 'core' },
        { port: 20, role: 'trunk', peer: 2 },
      ],
    },
    {
      datapath: 2,
      ports: [
        { port: 1, role: 'access', domain: 'edge-2', accessPoint: 'ap-3' },
        { port: 12, role: 'host', domain: 'edge-2' },
        { port: 20, role: 'trunk', peer: 1 },
      ],
    },
  ],
  accessPoints: [],
};

export interface App {
  readonly service: SdnService;
  readonly switches: readonly MemorySwitch[];
  stop(): Promise<void>;
}

/** Several sdn-apps before the same switches and the same manager, on a clock of the test. */
export class SdnWorld {
  readonly clock: FakeClock = fakeClock();
  readonly manager = new FakeManager();
  readonly topology: Topology;
  readonly states: ReadonlyMap<number, SwitchState>;
  readonly journal: MemorySwitch['journal'] = [];
  readonly rules: Rules;
  #apps = 0;

  constructor(topology: Topology = TOPOLOGY, rules: Partial<Rules> = {}) {
    this.topology = topology;
    this.states = new Map(topology.switches.map(({ datapath }) => [datapath, new SwitchState()]));
    this.rules = { trust: 'lab', straggleMs: 50, dwellMs: 2_000, detectors: DETECTORS, ...rules };
  }

  /** An app that has connected to its switches; `away` are those that it has not. */
  open(away: readonly number[] = [], who?: { readonly holder: string; readonly url: string }): App {
    const name = `app-${++this.#apps}`;
    const switches = [...this.states].map(([datapath, state]) => new MemorySwitch(datapath, state, this.journal));
    for (const one of switches) if (away.includes(one.datapath)) one.connected = false;
    const service = new SdnService(
      {
        plan: LOOPBACK_PLAN,
        topology: this.topology,
        firstNumber: 1,
        rules: this.rules,
        lease: { holder: name, url: `http://${name}`, ...who, ttlMs: 3_000 },
        graceMs: 1_000,
      },
      {
        switches,
        manager: this.manager,
        clock: this.clock,
        timers: this.clock,
        random: () => 0.5,
        newId: randomUUID,
        log: silentLog,
        metrics: sdnMetrics(),
      },
    );
    service.start();
    return { service, switches, stop: () => service[Symbol.asyncDispose]() };
  }

  /** An app that is active and has reconciled. */
  async openActive(): Promise<App> {
    const app = this.open();
    await this.clock.advance(10);
    return app;
  }

  async install(app: App, id: string, number: number, host: HostRef = core, epoch = 0): Promise<void> {
    await install(app.service.active, id, { header: headerOf(epoch), number, host });
    this.manager.records.set(id, {
      vehicle: id,
      number,
      twin: { address: twinAddress(LOOPBACK_PLAN, number), port: 5683 },
      host,
      hostEpoch: epoch,
      highestEpoch: epoch,
    });
  }

  /** What the manager has learnt of the vehicle. */
  knows(id: string, what: Partial<VehicleRecord>): void {
    const record = this.manager.records.get(id);
    if (record !== undefined) this.manager.records.set(id, { ...record, ...what });
  }

  /** A copy of a frame of the vehicle, as the switch shows it, and what follows from it. */
  async frame(
    app: App,
    number: number,
    at: { datapath?: number; port: number; source?: string; tag?: 'unconfirmed' },
  ): Promise<void> {
    const { datapath = 1, port, source = '127.0.1.1', tag } = at;
    const udpSrc = (tag === undefined ? 0 : UNCONFIRMED_BIT) + datapath * 0x800 + port;
    app.switches
      .find(one => one.datapath === datapath)
      ?.packetIn({
        inPort: port,
        table: TABLE.copy,
        cookie: encodeCookie({ number, epochLow: 0, kind: 'copy' }),
        metadata: 0,
        registers: [ipv4ToNumber(source), 5683, 0, 0],
        packet: { ipSrc: 0, ipDst: 0, udpSrc, udpDst: 5683 },
      });
    await this.clock.advance(1);
  }
}
