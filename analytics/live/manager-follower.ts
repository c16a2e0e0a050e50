import { type Clock, type Timers, delay, every } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import { backoff } from '../../common/retry.js';
import type { ManagerClient } from '../../protocol/api/manager-client.js';
import { handoverCounts, handoverList, handoverRecord, vehicleList } from '../../protocol/api/md-manager.js';
import type { FleetState } from './fleet-state.js';

/** How often the manager is asked for its vehicles and counts; hand-overs come by its stream. */
const POLL_MS = 1_000;
const ASK_MS = 2_000;
const HANDOVERS = 200;
const RECONNECT = { firstMs: 250, maxMs: 3_000, jitter: 0.2 };

export interface ManagerFollowerDeps {
  readonly manager: Pick<ManagerClient, 'call' | 'events' | 'url'>;
  readonly fleet: FleetState;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
}

/** Keeps a FleetState equal to md-manager's vehicles and hand-overs; its absence is an ordinary state. */
export class ManagerFollower {
  readonly #deps: ManagerFollowerDeps;

  constructor(deps: ManagerFollowerDeps) {
    this.#deps = deps;
  }

  /** Follows until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const stopPolling = every(this.#deps.timers, POLL_MS, () => this.poll());
    await this.poll();
    try {
      await this.#followEvents(signal);
    } finally {
      stopPolling();
    }
  }

  async poll(): Promise<void> {
    const { manager, fleet, log } = this.#deps;
    try {
      const { vehicles } = await manager.call('GET', '/v1/vehicles', { answer: vehicleList, timeoutMs: ASK_MS });
      fleet.setRecords(vehicles);
      fleet.setHandoverCounts(
        await manager.call('GET', '/v1/handovers/counts', { answer: handoverCounts, timeoutMs: ASK_MS }),
      );
      if (fleet.partIs('manager', 'here')) log.info({ event: 'analytics.manager-here', url: manager.url });
    } catch (error) {
      if (fleet.partIs('manager', 'away', messageOf(error)))
        log.warn({ event: 'analytics.manager-away', url: manager.url, error: messageOf(error) });
    }
  }

  async #followEvents(signal: AbortSignal): Promise<void> {
    const { manager, fleet, timers, random } = this.#deps;
    let delays = backoff(RECONNECT, random);
    while (!signal.aborted) {
      const attempt = new AbortController();
      try {
        const events = manager.events('/v1/events', AbortSignal.any([signal, attempt.signal]));
        // The stream is opened before the list is read, so that nothing falls between the two.
        let next = events.next();
        next.catch(() => undefined);
        const path = `/v1/handovers?limit=${HANDOVERS}`;
        const list = await manager.call('GET', path, { answer: handoverList, timeoutMs: ASK_MS, signal });
        for (const record of list.handovers) fleet.setHandover(record);
        delays = backoff(RECONNECT, random);
        for (let found = await next; !found.done; found = await next) {
          this.#takeEvent(found.value);
          next = events.next();
        }
      } catch (error) {
        // Why it is away is told by the poll.
        if (!(error instanceof Error)) throw error;
      } finally {
        attempt.abort();
      }
      if (!signal.aborted) await delay(delays.next().value, signal, timers).catch(() => undefined);
    }
  }

  #takeEvent({ event, data }: { readonly event: string; readonly data: string }): void {
    const { fleet, log } = this.#deps;
    if (event !== 'handover') return;
    const found = handoverRecord.safeParse(parseOrNothing(data));
    if (!found.success) {
      log.warn({ event: 'analytics.event-unreadable', data: data.slice(0, 200) });
      return;
    }
    fleet.setHandover(found.data);
    if ('activated' in found.data.phases || found.data.result !== 'running') void this.poll();
  }
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
