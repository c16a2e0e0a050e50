import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { Agent } from 'undici';
import { packageRoot } from '../../../../common/package-root.js';
import { openNbi, type Nbi } from '../../../../lab/nbi/server.js';
import type { NbiProfile } from '../../../../lab/nbi/profile.js';
import { Login } from '../../../../md-manager/mano/osm/login.js';
import { Northbound } from '../../../../md-manager/mano/osm/northbound.js';
import { onboard } from '../../../../md-manager/mano/osm/onboard.js';
import { buildPackage } from '../../../../md-manager/mano/osm/packages/build.js';
import { vxfOf } from '../../../../md-manager/mano/osm/packages/vxf.js';
import { NbiTransport } from '../../../../md-manager/mano/osm/transport.js';
import { eventually } from '../../../fakes/eventually.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { shapeOf } from './shape.js';

interface Exchange {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string | null>>;
    readonly body: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

const FOLDER = join(packageRoot(), '..', 'shared', 'specs', 'osm-nbi-captures');
/** Exchanges before which the recorder let the running operations end. */
const AFTER_THE_END =
  /^(ns-op-completed|ns-op-migrate|ns-delete-instantiated|ns-op-terminate|ns-list-after-autoremove|terminate)$/;
const BEFORE_THE_END = /^(ns-delete-while-building)$/;
/** Details that quote Python's own words. */
const WORDS_OF_PYTHON = /database exception|Invalid json format|is not valid under|Cannot access to the notification/;

for (const release of ['R8', 'R19'] as const)
  describe(`the stand-in of the northbound interface, ${release}`, () => {
    const file = join(FOLDER, `osm-${release.toLowerCase()}.json`);

    it('answers every recorded exchange with the same status and a body of the same form', async function () {
      if (!existsSync(file)) {
        process.stdout.write(`skipped: ${file} is not here\n`);
        this.skip();
      }
      const { exchanges } = JSON.parse(readFileSync(file, 'utf8')) as { exchanges: Exchange[] };
      await using replay = await Replay.open(release);
      for (const exchange of exchanges) await replay.step(exchange);
    });
  });

interface Notification {
  readonly method?: 'GET';
  readonly body?: Record<string, unknown>;
}

describe('the stand-in of the northbound interface, notifications of R19', () => {
  const file = join(FOLDER, 'osm-r19-notifications.json');
  type Recording = { exchanges: Exchange[]; notifications: Notification[] };
  let recording: Recording;
  before(function () {
    if (!existsSync(file)) {
      process.stdout.write(`skipped: ${file} is not here\n`);
      this.skip();
    }
    recording = JSON.parse(readFileSync(file, 'utf8')) as Recording;
  });

  it('are the recorded ones, where whole records come over the bus as in the recording', async () => {
    await using replay = await Replay.open('R19');
    await replay.prepare(recording.exchanges);
    replay.publishing = 'whole-records';
    for (const exchange of recording.exchanges) await replay.step(exchange);
    await replay.settle();
    const recorded = recording.notifications.flatMap(({ body }) => (body === undefined ? [] : [body]));
    await eventually('all were sent', () => replay.notified.length === recorded.length);
    assert.equal(replay.tried, recording.notifications.filter(({ method }) => method === 'GET').length);
    replay.sameNotifications(recorded, replay.notified);
  });

  it('are fewer, and without ids, where the life-cycle manager publishes what the real one does', async () => {
    await using replay = await Replay.open('R19');
    await replay.prepare(recording.exchanges);
    for (const exchange of recording.exchanges) await replay.step(exchange);
    await replay.settle();
    await eventually('both were sent', () => replay.notified.length === 2);
    assert.deepEqual(
      replay.notified.map(({ notificationType, operation, nsInstanceId, isAutomaticInvocation }) => [
        notificationType,
        operation,
        nsInstanceId === 'N/A',
        isAutomaticInvocation,
      ]),
      [
        ['NsLcmOperationOccurrenceNotification', 'INSTANTIATED', true, 'N/A'],
        ['NsIdentifierDeletionNotification', undefined, false, undefined],
      ],
    );
  });
});

/** Sends recorded requests in their order, with the ids that the stand-in gave in the place of the recorded ones. */
class Replay implements AsyncDisposable {
  readonly #nbi: Nbi;
  readonly #clock: ReturnType<typeof fakeClock>;
  readonly #callback: Server;
  readonly #agent = new Agent();
  readonly #ids = new Map<string, string>();
  readonly #profile: NbiProfile;
  /** Bodies that the callback was sent. */
  readonly notified: Record<string, unknown>[];
  readonly #tried: () => number;
  #token = '';

  private constructor(
    nbi: Nbi,
    clock: ReturnType<typeof fakeClock>,
    callback: Server,
    notified: Record<string, unknown>[],
    tried: () => number,
  ) {
    this.notified = notified;
    this.#tried = tried;
    this.#nbi = nbi;
    this.#clock = clock;
    this.#callback = callback;
    this.#profile = nbi.world.profile;
  }

  static async open(release: NbiProfile['name']): Promise<Replay> {
    const clock = fakeClock();
    const notified: Record<string, unknown>[] = [];
    const callback = createServer((request, response) => {
      void (async () => {
        if (request.method === 'POST') notified.push((await json(request)) as Record<string, unknown>);
        response.writeHead(204).end();
      })();
    });
    let tried = 0;
    callback.on('request', ({ method }: IncomingMessage) => void (tried += method === 'GET' ? 1 : 0));
    await new Promise<void>(resolve => callback.listen(0, '127.0.0.1', resolve));
    return new Replay(await openNbi({ release, clock, timers: clock }), clock, callback, notified, () => tried);
  }

  set publishing(publishing: Nbi['subscriptions']['publishing']) {
    this.#nbi.subscriptions.publishing = publishing;
  }

  /** How often the callback was tried. */
  get tried(): number {
    return this.#tried();
  }

  /** What the recording begins with: a token, and the VIM account and packages that its first order names. */
  async prepare([first]: readonly Exchange[]): Promise<void> {
    const asked = first?.request.body as { nsdId: string; vimAccountId: string };
    const transport = await NbiTransport.open({ url: this.#nbi.url, tls: { kind: 'system' } });
    const login = new Login(transport, { user: 'admin', password: 'admin', project: 'admin' }, this.#clock);
    const northbound = new Northbound(login);
    const vmd = vxfOf('vmd');
    assert.ok(vmd);
    const vim = { vim_type: 'openstack', vim_url: 'http://v/', vim_tenant_name: 't', vim_user: 'u', vim_password: 'p' };
    const vimId = await northbound.addVim({ name: 'edge-1', ...vim });
    const { nsdId } = await onboard(northbound, { ...vmd, files: [], params: {} });
    this.#learn([asked.nsdId, asked.vimAccountId], [nsdId, vimId]);
    await transport[Symbol.asyncDispose]();
    const credentials = { username: 'admin', password: 'admin', project_id: 'admin' };
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    const request = { method: 'POST', path: '/osm/admin/v1/tokens', headers, body: credentials };
    this.#token = ((await this.#send('token-create', request)).body as { id: string }).id;
  }

  /** Operations that run end. */
  settle(): Promise<void> {
    return this.#clock.advance(2_000);
  }

  /** Those that we sent, against those that were recorded: their form, and what they say where it is not an id or a time. */
  sameNotifications(recorded: readonly Record<string, unknown>[], ours: readonly Record<string, unknown>[]): void {
    for (const [n, notification] of ours.entries()) {
      const other = recorded[n] ?? {};
      assert.deepEqual(shapeOf(notification), shapeOf(other));
      for (const key of ['_links', 'operation', 'operationState', 'notificationType', 'nsLcmOpOccId', 'nsInstanceId'])
        assert.equal(JSON.stringify(notification[key] ?? ''), this.#mapped(JSON.stringify(other[key] ?? '')), key);
    }
  }

  async step({ name, request, response }: Exchange): Promise<void> {
    if (AFTER_THE_END.test(name)) await this.#clock.advance(2_000);
    else if (!BEFORE_THE_END.test(name)) await this.#clock.advance(1);
    const answer = await this.#send(name, request);
    assert.equal(answer.status, response.status, `${name}: ${JSON.stringify(answer.body)}`);
    const body =
      typeof response.body === 'string' && response.body.startsWith('{')
        ? (JSON.parse(response.body) as unknown)
        : response.body;
    this.#learn(body, answer.body);
    if (name === 'token-create') this.#token = (answer.body as { id: string }).id;
    assert.deepEqual(shapeOf(answer.body), shapeOf(body), name);
    if (response.status >= 400)
      this.#sameRefusal(name, body as Record<string, unknown>, answer.body as Record<string, unknown>);
    const { 'Content-Type': type, Location: location } = response.headers ?? {};
    if (type !== undefined) assert.equal(answer.headers['content-type'], type, `${name}: content type`);
    if (location !== undefined) assert.equal(answer.headers['location'], this.#mapped(location), `${name}: location`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
    await this.#nbi[Symbol.asyncDispose]();
    await new Promise(resolve => this.#callback.close(resolve));
  }

  async #send(
    name: string,
    request: Exchange['request'],
  ): Promise<{ status: number; headers: Record<string, unknown>; body: unknown }> {
    const { origin } = new URL(this.#nbi.url);
    const headers: Record<string, string> = {};
    for (const [key, value] of Object.entries(request.headers)) if (value !== null) headers[key.toLowerCase()] = value;
    // This one was recorded below HTTP's level, with the headers that matter alone.
    if (headers['transfer-encoding'] !== undefined) headers['accept'] = 'application/json';
    delete headers['transfer-encoding'];
    if (name !== 'no-token') headers['authorization'] = `Bearer ${this.#token}`;
    const { body, bytes } = await this.#body(name, request);
    const response = await this.#agent.request({
      origin,
      path: this.#mapped(request.path),
      method: request.method as 'GET',
      headers,
      body: bytes ?? body,
      // What follows a chunked body on its connection is lost.
      reset: name === 'token-create-chunked',
    });
    const text = await response.body.text();
    let found: unknown = text;
    if (text !== '' && String(response.headers['content-type']).startsWith('application/json'))
      found = JSON.parse(text);
    return { status: response.statusCode, headers: response.headers, body: found };
  }

  async #body(
    name: string,
    { body }: Exchange['request'],
  ): Promise<{ body: string | null; bytes?: Buffer | Readable }> {
    if (name === 'token-create-chunked')
      return { body: null, bytes: Readable.from([Buffer.from('{"username":"admin","password":"admin"}')]) };
    if (name === 'bad-json') return { body: '{bad' };
    if (typeof body === 'string') {
      const vmd = vxfOf('vmd');
      assert.ok(vmd);
      // The recorded one asked for other words.
      const built = await buildPackage(
        { ...vmd, files: [], params: {} },
        name.startsWith('vnfd') ? 'vnf' : 'ns',
        this.#profile.model,
      );
      return { body: null, bytes: Buffer.from(built.bytes) };
    }
    if (body === null || body === undefined) return { body: null };
    const { port } = this.#callback.address() as AddressInfo;
    const text = this.#mapped(JSON.stringify(body));
    return { body: text.replace(/http:\/\/127\.0\.0\.1:7[01]\d\d/, `http://127.0.0.1:${port}`) };
  }

  /** Pairs of ids at the same place of both answers. */
  #learn(recorded: unknown, ours: unknown): void {
    if (typeof recorded === 'string' && typeof ours === 'string') {
      if (/^[\w-]{30,}$/.test(recorded) && !this.#ids.has(recorded)) this.#ids.set(recorded, ours);
    } else if (typeof recorded === 'object' && recorded !== null && typeof ours === 'object' && ours !== null)
      for (const [key, value] of Object.entries(recorded)) this.#learn(value, (ours as Record<string, unknown>)[key]);
  }

  #mapped(text: string): string {
    return text.replace(/[\w-]{30,}/g, id => this.#ids.get(id) ?? id);
  }

  #sameRefusal(name: string, recorded: Record<string, unknown>, ours: Record<string, unknown>): void {
    assert.equal(ours['code'], recorded['code'], name);
    assert.equal(ours['status'], recorded['status'], name);
    const detail = this.#mapped(String(recorded['detail']));
    if (!WORDS_OF_PYTHON.test(detail)) assert.equal(ours['detail'], detail, name);
  }
}
