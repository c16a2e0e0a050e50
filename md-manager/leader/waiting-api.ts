import { messageOf } from '../../common/errors.js';
import { inUrl } from '../../protocol/ipv6.js';
import { openHttp, type HttpOptions, type HttpServer } from '../../protocol/api/http-server.js';
import type { Leader } from '../../protocol/api/md-manager.js';
import { ERRORS, fault } from '../../protocol/errors.js';
import type { StartingDeps } from '../starting.js';
import { leaderRoute } from './routes.js';

/** A start that takes no longer than this has no API of its own. */
const QUIET_MS = 1_000;
const AWAITED = 'the control store';

/**
 * The API of a manager that does not lead: it says what it waits for, and tells everybody to come back; once another one leads, it
 * sends everybody there (307, so that any HTTP client finds it; code MANAGER_NOT_LEADER for ours).
 */
export class WaitingApi implements AsyncDisposable {
  readonly #options: Pick<HttpOptions, 'listen' | 'log' | 'metrics'>;
  readonly #timers: StartingDeps['timers'];
  #cancel = (): void => undefined;
  #server: Promise<HttpServer> | undefined;
  #leader: Leader | undefined;

  constructor(listen: HttpOptions['listen'], { timers, log, metrics }: StartingDeps) {
    this.#options = { listen, log, metrics };
    this.#timers = timers;
  }

  /** Nobody is known to lead. */
  awaitStore(): void {
    this.#leader = undefined;
    this.#cancel();
    this.#cancel = this.#timers.after(QUIET_MS, () => {
      this.#open().catch((error: unknown) => {
        this.#options.log.error({ event: 'manager.effect.failed', effect: 'listen', error: messageOf(error) });
      });
    });
  }

  /** Another one leads: its address. Resolves with the own one once that is served; rejects where it could not listen there. */
  async follow({ url, term }: Leader): Promise<string> {
    this.#cancel();
    this.#leader = { url, term };
    return (await this.#open()).url;
  }

  /** Resolves once the address is free. Rejects where it could not listen there. */
  async close(): Promise<void> {
    this.#cancel();
    const server = this.#server;
    this.#server = undefined;
    await (await server)?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #open(): Promise<HttpServer> {
    this.#server ??= openHttp({
      ...{ part: 'md-manager', routes: [leaderRoute(() => this.#leader)], ...this.#options },
      notReady: () => (this.#leader === undefined ? AWAITED : `the lease: ${this.#leader.url} leads`),
      extend: app => {
        app.all('/v1/*', (request, reply) => {
          if (this.#leader === undefined) throw fault('AUTHORITY_AWAY', `${AWAITED} is awaited`);
          const { url } = this.#leader;
          return reply
            .code(307)
            .header('location', `${url}${request.url}`)
            .header('content-type', 'application/problem+json')
            .send(JSON.stringify(notLeader(url)));
        });
        return Promise.resolve();
      },
    });
    return this.#server;
  }
}

const notLeader = (detail: string): object => ({
  type: 'urn:edgetwin:error:MANAGER_NOT_LEADER',
  title: ERRORS.MANAGER_NOT_LEADER.say,
  status: 307,
  code: 'MANAGER_NOT_LEADER',
  detail,
});

/** By which others reach a manager that was told no `leader.url`. */
export const urlOf = ({ address, port }: HttpOptions['listen']): string => `http://${inUrl(address)}:${port}`;
