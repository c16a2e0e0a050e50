import type { Timers } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import { backoff } from '../../common/retry.js';
import type { ServiceLease, ServiceLeaseRequest } from '../../protocol/api/md-manager.js';

export interface LeaseDeps {
  /** PUT /v1/leases/sdn-app. */
  readonly ask: (request: ServiceLeaseRequest, timeoutMs: number) => Promise<ServiceLease>;
  readonly told: (lease: ServiceLease) => void;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
}

/**
 * Asks for the lease for ever: each third of its time when it is answered, sooner when it is not. Never two at once. It begins
 * once the address of the request is served: until the first answer a holder there is the process before this one.
 */
export class LeaseClient {
  readonly #deps: LeaseDeps;
  readonly #request: ServiceLeaseRequest;
  #delays: Generator<number, never>;
  #answered = true;
  #begins = true;
  #stopped = false;
  #cancel = (): void => undefined;

  constructor(request: ServiceLeaseRequest, deps: LeaseDeps) {
    this.#request = request;
    this.#deps = deps;
    this.#delays = this.#retries();
  }

  start(): void {
    void this.#ask();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #ask(): Promise<void> {
    const thirdMs = this.#request.ttlMs / 3;
    const request = this.#begins ? { ...this.#request, begins: true } : this.#request;
    const waitMs = await this.#deps.ask(request, Math.max(1_000, thirdMs)).then(
      lease => {
        if (this.#stopped) return 0;
        this.#answered = true;
        this.#begins = false;
        this.#delays = this.#retries();
        this.#deps.told(lease);
        return thirdMs;
      },
      (error: unknown) => {
        // once per absence; the data plane and the holder go on without the manager
        if (this.#answered && !this.#stopped)
          this.#deps.log.warn({ event: 'sdn.lease-unanswered', error: messageOf(error) });
        this.#answered = false;
        // a manager of the release before does not know the word
        if (codeOf(error) === 'REQUEST_INVALID') this.#begins = false;
        return this.#delays.next().value;
      },
    );
    if (!this.#stopped) this.#cancel = this.#deps.timers.after(waitMs, () => void this.#ask());
  }

  #retries = (): Generator<number, never> =>
    backoff({ firstMs: 50, maxMs: Math.min(1_000, this.#request.ttlMs / 3), jitter: 0.2 }, this.#deps.random);
}
