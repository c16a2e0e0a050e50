import { z } from 'zod';
import { HttpClient } from '../../protocol/api/http-client.js';
import { ManagerClient } from '../../protocol/api/manager-client.js';
import { handoverCounts, handoverList, vehicleList } from '../../protocol/api/md-manager.js';
import { managersOf } from './plan.js';
import type { RunningSystem } from './running.js';
import type { CarState, DemoState } from './view.js';

/** What a device process says of its agents (`GET /v1/status`), as much of it as the view and the end of a run need. */
const deviceStatus = z.object({
  agents: z.array(
    z.object({ vehicle: z.string(), queue: z.int(), sampled: z.int(), accepted: z.int(), acknowledged: z.int() }),
  ),
});
export type AgentStatus = z.infer<typeof deviceStatus>['agents'][number];

const ASK_MS = 1_000;

/** Asks the parts' own APIs what goes on; a part that is away leaves its fields open. */
export class Watch implements AsyncDisposable {
  readonly #system: RunningSystem;
  readonly #manager: ManagerClient;
  readonly #devices: readonly HttpClient[];

  constructor(system: RunningSystem) {
    this.#system = system;
    this.#manager = new ManagerClient(managersOf(system.urls), { connections: 4 });
    this.#devices = [...new Set(system.vehicles.map(({ status }) => status))].map(
      url => new HttpClient(url, { connections: 1 }),
    );
  }

  /** The agent of each car in their order; undefined while its process is away or not yet at work. */
  async agents(): Promise<(AgentStatus | undefined)[]> {
    const answers = await Promise.all(
      this.#devices.map(device =>
        orNothing(device.call('GET', '/v1/status', { answer: deviceStatus, timeoutMs: ASK_MS })),
      ),
    );
    const found = new Map(answers.flatMap(answer => answer?.agents ?? []).map(agent => [agent.vehicle, agent]));
    return this.#system.vehicles.map(({ vehicle }) => found.get(vehicle));
  }

  /** Agents sample no more; what is queued is still sent. */
  async finish(): Promise<void> {
    await Promise.all(
      this.#devices.map(device =>
        orNothing(device.call('PUT', '/v1/sampling', { body: { on: false }, timeoutMs: ASK_MS })),
      ),
    );
  }

  counts(): Promise<z.infer<typeof handoverCounts> | undefined> {
    return orNothing(this.#manager.call('GET', '/v1/handovers/counts', { answer: handoverCounts, timeoutMs: ASK_MS }));
  }

  handovers(limit: number, timeoutMs = ASK_MS): Promise<z.infer<typeof handoverList> | undefined> {
    return orNothing(this.#manager.call('GET', `/v1/handovers?limit=${limit}`, { answer: handoverList, timeoutMs }));
  }

  async state(nowMs: number): Promise<DemoState> {
    const { plan, vehicles, urls, supervisor } = this.#system;
    const [agents, known, handovers, counts] = await Promise.all([
      this.agents(),
      orNothing(this.#manager.call('GET', '/v1/vehicles', { answer: vehicleList, timeoutMs: ASK_MS })),
      this.handovers(30),
      this.counts(),
    ]);
    const records = new Map(known?.vehicles.map(record => [record.vehicle, record]));
    const cars: CarState[] = vehicles.map(({ vehicle }, index) => {
      const record = records.get(vehicle);
      return {
        vehicle,
        domain: record?.acting?.domain,
        epoch: record?.acting?.epoch,
        attachedAt: record?.attachment?.accessPoint,
        acknowledged: agents[index]?.acknowledged,
        queue: agents[index]?.queue,
      };
    });
    return {
      page: `${urls.analytics ?? ''}/`,
      drive: plan.drive.split('/').at(-1) ?? plan.drive,
      driveS: ((nowMs - plan.startAtMs) / 1000) * plan.speed,
      speed: plan.speed,
      cars,
      handovers: handovers?.handovers ?? [],
      counts: counts ?? { completed: 0, failed: 0, cancelled: 0 },
      restarts: this.#system.restarts(),
      away: supervisor.states().flatMap(({ part, ready }) => (ready ? [] : [part.name])),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#manager, ...this.#devices].map(client => client[Symbol.asyncDispose]()));
  }
}

/** A part may be away, restarting or busy: then there is nothing to show, and that is shown. */
async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
