import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../../common/clock.js';
import type { Answer } from './answer.js';
import { Refused } from './answer.js';
import type { NbiProfile } from './profile.js';

const LIFE_S = 3_600;

/** Tokens of the one account `admin` in the project `admin`. */
export class Tokens {
  readonly #tokens = new Map<string, Record<string, unknown>>();
  readonly #profile: NbiProfile;
  readonly #project: string;
  readonly #clock: Clock;
  readonly #password: string;
  readonly #user = randomUUID();
  readonly #role = randomUUID();
  /** Logins so far: what a client that keeps its token holds down. */
  logins = 0;

  constructor(profile: NbiProfile, project: string, clock: Clock, password: string) {
    this.#profile = profile;
    this.#project = project;
    this.#clock = clock;
    this.#password = password;
  }

  create(body: unknown): Answer {
    const asked = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
    if (asked['username'] === undefined)
      throw new Refused(401, 'Provide credentials: username/password or Authorization Bearer token');
    if (asked['username'] !== 'admin' || asked['password'] !== this.#password)
      throw new Refused(401, 'Invalid username/password');
    const project = asked['project_id'] ?? 'admin';
    if (project !== 'admin' && project !== this.#project)
      throw new Refused(401, `Project ${String(project)} not found`);
    this.logins += 1;
    const id = randomBytes(24).toString('base64url');
    const now = this.#clock.nowMs() / 1000;
    const token: Record<string, unknown> = {
      ...{ issued_at: now, expires: now + LIFE_S, _id: id, id, project_id: this.#project, project_name: 'admin' },
      ...{ username: 'admin', user_id: this.#user, admin: true, roles: [{ name: 'system_admin', id: this.#role }] },
      ...(this.#profile.name === 'R19'
        ? { login_count: this.logins, last_login: now, admin_show: false, user_show: false }
        : {}),
    };
    this.#tokens.set(id, token);
    return {
      status: 200,
      location: `/osm/admin/v1/tokens/${id}`,
      body: { ...token, remote_port: 0, remote_host: '127.0.0.1' },
    };
  }

  list(): Answer {
    return { status: 200, body: [...this.#tokens.values()] };
  }

  remove(id: string): Answer {
    if (!this.#tokens.delete(id)) throw new Refused(404, `token '${id}' not found`);
    return { status: 200, body: `token '${id}' deleted` };
  }

  /** All tokens end at once, as with a restart. */
  revoke(): void {
    this.#tokens.clear();
  }

  check(authorization: string | undefined): void {
    if (authorization === undefined) throw new Refused(401, 'Needed a token or Authorization http header');
    const token = this.#tokens.get(/^Bearer (\S+)$/i.exec(authorization)?.[1] ?? '');
    if (token === undefined || Number(token['expires']) < this.#clock.nowMs() / 1000)
      throw new Refused(401, 'Invalid Token or Authorization HTTP header');
  }
}
