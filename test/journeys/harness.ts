import assert from 'node:assert/strict';
import { delay } from '../../common/clock.js';
import { EdgetwinError } from '../../common/errors.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import { ManagerClient } from '../../protocol/api/manager-client.js';
import { handoverList, vehicleList, type HandoverRecord, type VehicleRecord } from '../../protocol/api/md-manager.js';
import { poolList, type Pool } from '../../protocol/api/pools.js';
import { vehicleFlows } from '../../protocol/api/sdn-app.js';
import { readTopology } from '../../protocol/topology-file.js';
import { freePort } from '../../lab/network/free-port.js';
import { finishAndAudit, type Outcome } from '../../lab/demo/finish.js';
import { managersOf } from '../../lab/demo/plan.js';
import type { RunningSystem } from '../../lab/demo/running.js';
import { System, type SystemOptions } from '../../lab/demo/system.js';
import { openGate, type Gate } from '../../lab/proxy/gate.js';
import { Watch } from '../../lab/demo/watch.js';

const ASK_EVERY_MS = 50;

/** A system of real processes under test, wherever they run: what can be seen of it, and how it ends. */
export abstract class SystemUnderTest<
  S extends RunningSystem & AsyncDisposable = RunningSystem & AsyncDisposable,
> implements AsyncDisposable {
  readonly system: S;
  readonly watch: Watch;
  readonly manager: ManagerClient;

  protected constructor(system: S) {
    this.system = system;
    this.watch = new Watch(system);
    this.manager = new ManagerClient(managersOf(system.urls));
  }

  /** Puts car `index` under an access point. */
  abstract move(index: number, accessPoint: string): Promise<void>;

  /** Moves a car under the first access point of a domain. */
  moveTo(index: number, domain: string): Promise<void> {
    return this.move(index, this.accessPoints(domain)[0] ?? '');
  }

  /** Waits until every car's twin has acknowledged a report; what does not get there is closed. */
  protected async served(): Promise<this> {
    try {
      await this.until('every car is served', async () =>
        (await this.watch.agents()).every(agent => agent !== undefined && agent.acknowledged > 0),
      );
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
    return this;
  }

  /** Asks until the answer is truthy; the suite's time-out bounds it. */
  async until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
    for (const untilMs = performance.now() + 60_000; ;) {
      const found = await ask();
      if (found !== undefined && found !== false) return found;
      if (performance.now() > untilMs) assert.fail(`waited for nothing: ${what}`);
      await delay(ASK_EVERY_MS);
    }
  }

  /** The access points of a domain, in the order of the drive. */
  accessPoints(domain: string): string[] {
    const topology = readTopology(this.system.plan.topology);
    return topology.accessPoints.filter(point => point.domain === domain).map(({ id }) => id);
  }

  async handovers(): Promise<HandoverRecord[]> {
    return (await this.manager.call('GET', '/v1/handovers?limit=1000', { answer: handoverList })).handovers;
  }

  async vehicle(index: number): Promise<VehicleRecord | undefined> {
    const name = this.system.vehicles[index]?.vehicle;
    try {
      const { vehicles } = await this.manager.call('GET', '/v1/vehicles', { answer: vehicleList });
      return vehicles.find(({ vehicle }) => vehicle === name);
    } catch (error) {
      if (error instanceof Error) return undefined; // the manager is away: asked again
      throw error;
    }
  }

  /** Waits until the twin of a car acts in `domain`. */
  actsIn(index: number, domain: string): Promise<VehicleRecord> {
    return this.until(`car ${index} acts in ${domain}`, async () => {
      const record = await this.vehicle(index);
      return record?.acting?.domain === domain && record.handover === undefined ? record : undefined;
    });
  }

  async pools(): Promise<Pool[]> {
    return (await this.manager.call('GET', '/v1/pools', { answer: poolList })).pools;
  }

  /** The process of a vMD host. */
  async pidOf(host: string): Promise<number> {
    const found = (await this.pools()).flatMap(({ hosts }) => hosts).find(entry => entry.host.host === host);
    assert.ok(found, `no host ${host}`);
    return found.pid;
  }

  /** Waits until a car has `more` acknowledged reports than now. */
  async acknowledges(index: number, more = 3): Promise<void> {
    const first = (await this.watch.agents())[index]?.acknowledged ?? 0;
    await this.until(`car ${index} goes on`, async () => {
      const now = (await this.watch.agents())[index]?.acknowledged;
      return now !== undefined && (now >= first + more || now < first);
    });
  }

  /** Ends the run and holds it against every guarantee; gives the counts for what a test wants beside. */
  async endsClean(): Promise<Outcome> {
    const outcome = await finishAndAudit(this.system, this.watch, new AbortController().signal);
    assert.deepEqual(outcome.violations, []);
    assert.equal(outcome.reports.lost, 0);
    assert.equal(outcome.reports.duplicated, 0);
    assert.equal(outcome.reports.dropped, 0);
    assert.ok(outcome.reports.acknowledged > 0 && outcome.reports.stored >= outcome.reports.acknowledged);
    return outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.watch, this.manager].map(client => client[Symbol.asyncDispose]()));
    await this.system[Symbol.asyncDispose]();
  }
}

/** A system of real processes on the embedded network: cars stand still, tests move them. */
export class Journey extends SystemUnderTest<System> {
  readonly radio: HttpClient;

  private constructor(system: System) {
    super(system);
    this.radio = new HttpClient(system.urls.radio);
  }

  /** Opens a system and waits until every car's twin has acknowledged a report. */
  static async open(options: Partial<SystemOptions> = {}): Promise<Journey> {
    const system = await System.open({
      drive: 'drive-17',
      cars: 1,
      speed: 1,
      httpPort: await freePort(),
      turnAroundMs: 2,
      ...options,
    });
    return new Journey(system).served();
  }

  /** Puts car `index` under an access point (null: radio outage; 'auto': where it is). */
  override move(index: number, accessPoint: string | null): Promise<void> {
    return this.radio.call('PUT', `/v1/cars/${index}/attachment`, { body: { accessPoint } });
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.radio[Symbol.asyncDispose]();
    await super[Symbol.asyncDispose]();
  }
}

/** For journeys about the way `manager`: no slot is kept for a hand-over that may come. */
export const NOTHING_ARMED = { 'md-manager': ['--arming-enabled', 'false'] } as const;

/** Waits until a car may go into `domain` by a slot whose route is in the switch. */
export async function armedFor(journey: SystemUnderTest, index: number, domain: string): Promise<void> {
  const name = journey.system.vehicles[index]?.vehicle;
  await using sdn = new HttpClient(journey.system.urls.sdn);
  await journey.until(`${name} is armed for ${domain}`, async () => {
    try {
      // the counters are read from the switch: the routes are there, not merely ordered
      const shown = await sdn.call('GET', `/v1/vehicles/${name}?counters=true`, { answer: vehicleFlows });
      return shown.armed.includes(domain) && shown.packets?.['armed'] !== undefined;
    } catch (error) {
      if (error instanceof EdgetwinError) return undefined; // it has just been killed, or has not learnt of the car yet
      throw error;
    }
  });
}

/** A gate in front of every vMD host: md-manager names the one that it means in a header. */
export function openHostsGate(): Promise<Gate> {
  return openGate({ upstream: ({ headers }) => String(headers['x-edgetwin-upstream']) });
}
