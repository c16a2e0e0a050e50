import type { Clock } from '../../../common/clock.js';
import { fault } from '../../../protocol/errors.js';
import { refusal } from './refusal.js';
import { tokenOf, type Token } from './records.js';
import type { NbiAnswer, NbiRequest, NbiTransport } from './transport.js';

export interface Account {
  readonly user: string;
  readonly password: string;
  /** Name or id; bounds everything that is seen. */
  readonly project: string;
}

/** A token is renewed this long before its end, so that no call leaves with one that ends on the way. */
const MARGIN_MS = 60_000;

/**
 * Calls as one user in one project. The token is asked for once and kept (a second request by the same user within two
 * seconds is delayed on purpose), renewed before it ends, and asked for anew where a call is told 401: then the call goes out once more, because a refused call has done nothing.
 */
export class Login {
  readonly #transport: NbiTransport;
  readonly #account: Account;
  readonly #clock: Clock;
  #token: Token | undefined;
  #asking: Promise<Token> | undefined;

  constructor(transport: NbiTransport, account: Account, clock: Clock) {
    this.#transport = transport;
    this.#account = account;
    this.#clock = clock;
  }

  /** Answers below 400. Others reject: MANO_REFUSED, MANO_AWAY (5xx), MANO_UNSUPPORTED (405), NOT_FOUND. */
  async call(request: Omit<NbiRequest, 'token'>, signal?: AbortSignal): Promise<NbiAnswer> {
    const answer = await this.#send(request, signal);
    if (answer.status >= 400) throw refusal(request, answer);
    return answer;
  }

  async #send(request: Omit<NbiRequest, 'token'>, signal: AbortSignal | undefined): Promise<NbiAnswer> {
    const first = await this.#current();
    const answer = await this.#transport.send({ ...request, token: first.id }, signal);
    if (answer.status !== 401) return answer;
    // Whoever is told first forgets it; a newer one stays.
    if (this.#token === first) this.#token = undefined;
    const second = await this.#current();
    return this.#transport.send({ ...request, token: second.id }, signal);
  }

  /** One request for a token at a time, whoever needs it. */
  async #current(): Promise<Token> {
    const held = this.#token;
    if (held !== undefined && held.expiresMs - MARGIN_MS > this.#clock.nowMs()) return held;
    this.#asking ??= this.#login().finally(() => (this.#asking = undefined));
    return (this.#token = await this.#asking);
  }

  async #login(): Promise<Token> {
    const { user, password, project } = this.#account;
    const request = {
      method: 'POST',
      path: 'admin/v1/tokens',
      json: { username: user, password, project_id: project },
    } as const;
    const answer = await this.#transport.send(request);
    if (answer.status >= 400) throw refusal(request, answer);
    const token = tokenOf(answer.body);
    // Release 19 answers so where a password has to be changed first.
    if (token === undefined) throw fault('MANO_REFUSED', `no token for ${user}: ${JSON.stringify(answer.body)}`);
    return token;
  }
}
