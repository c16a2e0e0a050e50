import { randomUUID } from 'node:crypto';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { Resources } from '../../../common/lifecycle.js';
import { silentLog } from '../../../common/log.js';
import { claimBlock, type LoopbackBlock } from '../../../lab/network/loopback-block.js';
import type { LabSwitch } from '../../../lab/soft-switch/switch.js';
import { LOOPBACK_PLAN, twinAddress } from '../../../protocol/addresses.js';
import type { Attachment, CommandHeader, HostRef } from '../../../protocol/api/common.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { openHttp } from '../../../protocol/api/http-server.js';
import { vehicleFlows } from '../../../protocol/api/sdn-app.js';
import { DETECTORS } from '../../../sdn-app/attachment/detectors.js';
import type { Trust } from '../../../sdn-app/attachment/machine.js';
import { sdnRoutes } from '../../../sdn-app/rest/routes.js';
import { SdnService } from '../../../sdn-app/service.js';
import type { FlowSwitch } from '../../../sdn-app/switch/flow-switch.js';
import { openSoftSwitch, type SoftSwitch } from '../../../sdn-app/switch/soft.js';
import { eventually } from '../../fakes/eventually.js';
import {
  FakeManager,
  TOPOLOGY,
  hostRef,
  openFakeHost,
  openFakeRouter,
  openTestSwitch,
  sdnMetrics,
} from '../../fakes/sdn-network.js';

type Router = Awaited<ReturnType<typeof openFakeRouter>>;
type Host = Awaited<ReturnType<typeof openFakeHost>>;

export const header = (epoch: number, term = 1): CommandHeader => ({
  term,
  handover: 'h',
  attempt: 0,
  epoch,
  way: 'manager',
});

export const until = (holds: () => boolean): Promise<void> => eventually(String(holds), holds);

export interface OpenApp {
  readonly service: SdnService;
  readonly api: HttpClient;
  readonly flowSwitch: SoftSwitch;
}

/** An sdn-app in lab trust or another, before one switch, that takes its lease over after 300 ms. */
export function softService(of: {
  readonly firstNumber: number;
  readonly trust: Trust;
  readonly flowSwitch: FlowSwitch;
  readonly manager: FakeManager;
  readonly metrics: ReturnType<typeof sdnMetrics>;
}): SdnService {
  const { firstNumber, trust, flowSwitch, manager, metrics } = of;
  const rules = { trust, straggleMs: 50, dwellMs: 2_000, detectors: DETECTORS };
  const lease = { holder: randomUUID(), url: 'http://127.0.0.1:7002', ttlMs: 300 };
  return new SdnService(
    { plan: LOOPBACK_PLAN, topology: TOPOLOGY, firstNumber, rules, lease, graceMs: 1_000 },
    {
      ...{ switches: [flowSwitch], manager, metrics, newId: randomUUID, log: silentLog },
      ...{ clock: systemClock, timers: systemTimers, random: Math.random },
    },
  );
}

/** A soft switch with a car's router and two hosts on sockets of their own, a manager that a test plays, and sdn-apps. */
export class SoftStage implements AsyncDisposable {
  readonly all: Resources;
  readonly block: LoopbackBlock;
  readonly router: Router;
  readonly core: HostRef;
  readonly edge2: HostRef;
  readonly hosts: Readonly<Record<'core' | 'edge2', Host>>;
  readonly manager = new FakeManager();
  lab: LabSwitch;
  #said = 0;
  /** Called when the switch has confirmed new flows. */
  #onConfirmed = (): void => undefined;

  private constructor(made: Pick<SoftStage, 'all' | 'block' | 'router' | 'core' | 'edge2' | 'hosts' | 'lab'>) {
    this.all = made.all;
    this.block = made.block;
    this.router = made.router;
    this.core = made.core;
    this.edge2 = made.edge2;
    this.hosts = made.hosts;
    this.lab = made.lab;
  }

  static async open(): Promise<SoftStage> {
    const all = new Resources();
    const block = all.use(await claimBlock());
    const router = all.use(await openFakeRouter(block.serviceAddress(5)));
    const core = hostRef('core/1', 'core', block.hostAddress(1));
    const edge2 = hostRef('edge-2/1', 'edge-2', block.hostAddress(2));
    const hosts = {
      core: all.use(await openFakeHost(core.address)),
      edge2: all.use(await openFakeHost(edge2.address)),
    };
    const lab = await openTestSwitch(block.serviceAddress(2), router.port);
    return new SoftStage({ all, block, router, core, edge2, hosts, lab });
  }

  get address(): string {
    return this.block.serviceAddress(2);
  }

  get number(): number {
    return this.block.firstNumber;
  }

  /** The manager knows the car, with its twin in core, and that it was last at this place. */
  remember(attachment: Attachment): void {
    this.manager.records.set('car-1', {
      vehicle: 'car-1',
      number: this.number,
      twin: { address: twinAddress(LOOPBACK_PLAN, this.number), port: 5683 },
      host: this.core,
      hostEpoch: 0,
      highestEpoch: 0,
      attachment,
    });
  }

  async openApp(resources = this.all, waits = true): Promise<OpenApp> {
    const metrics = sdnMetrics();
    const flowSwitch = resources.use(openSoftSwitch({ address: this.address, port: this.lab.controlPort }));
    const apply = flowSwitch.apply.bind(flowSwitch);
    flowSwitch.apply = async batch => {
      await apply(batch);
      this.#onConfirmed();
    };
    const service = resources.use(
      softService({ firstNumber: this.number, trust: 'lab', flowSwitch, manager: this.manager, metrics }),
    );
    service.start();
    const http = resources.use(
      await openHttp({
        part: 'sdn-app',
        listen: { address: this.block.serviceAddress(1), port: 0 },
        routes: sdnRoutes(service),
        log: silentLog,
        metrics,
        notReady: () => service.notReady,
      }),
    );
    const api = resources.use(new HttpClient(http.url));
    if (waits) await until(() => service.notReady === undefined);
    return { service, api, flowSwitch };
  }

  /** As if it had been killed: its lease runs out. */
  async stop(resources: Resources): Promise<void> {
    await resources[Symbol.asyncDispose]();
    this.manager.expireLease();
  }

  install(api: HttpClient, epoch = 0): Promise<unknown> {
    const body = { header: header(epoch), number: this.number, host: this.core };
    return api.call('PUT', '/v1/vehicles/car-1', { body, answer: vehicleFlows });
  }

  speak(port: number, text: string, sourcePort = 5683): void {
    const dstIp = twinAddress(LOOPBACK_PLAN, this.number);
    const frame = { port, srcIp: this.block.carAddress(0), srcPort: sourcePort, dstIp, dstPort: 5683 };
    this.router.send({ address: this.address, port: this.lab.udpPort }, frame, text);
  }

  /**
   * Gives the frame of the acknowledgement. The answer to a frame from a source that the switch does not know yet is lost:
   * sent again once the switch has confirmed new flows.
   */
  async report(port: number, sourcePort = 5683): ReturnType<Router['got']['next']> {
    const text = `report ${++this.#said}`;
    const acked = this.router.got.next(frame => frame.text === `ack ${text}` && frame.dstPort === sourcePort);
    for (let done = false; !done;) {
      const changed = new Promise<false>(resolve => (this.#onConfirmed = () => resolve(false)));
      this.speak(port, text, sourcePort);
      done = await Promise.race([acked.then(() => true), changed]);
    }
    return acked;
  }

  /** Where the ways in and back are known to be in place: sent once, acknowledged once. */
  async reportOnce(port: number): ReturnType<Router['got']['next']> {
    const text = `report ${++this.#said}`;
    const acked = this.router.got.next(frame => frame.text === `ack ${text}`);
    this.speak(port, text);
    return acked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
    await this.all[Symbol.asyncDispose]();
  }
}
