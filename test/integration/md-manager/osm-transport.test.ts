import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { loadConfig } from '../../../common/config.js';
import { silentLog } from '../../../common/log.js';
import { openNbi } from '../../../lab/nbi/server.js';
import { Login } from '../../../md-manager/mano/osm/login.js';
import { Northbound } from '../../../md-manager/mano/osm/northbound.js';
import { onboard } from '../../../md-manager/mano/osm/onboard.js';
import { openNorthbound, openOsmMano } from '../../../md-manager/mano/osm/open.js';
import { vxfOf } from '../../../md-manager/mano/osm/packages/vxf.js';
import { OSM_ORDER_SETTINGS, OSM_SETTINGS } from '../../../md-manager/mano/osm/settings.js';
import { NbiTransport } from '../../../md-manager/mano/osm/transport.js';
import { openLmdbControlStore } from '../../../store/lmdb/control-store.js';
import { OTHER_CERTIFICATE, TEST_CERTIFICATE, TEST_KEY } from '../../fakes/test-certificate.js';
import { WORDS } from './osm-lab.js';

interface Asked {
  readonly at: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An interface that sets a cookie with each answer, and remembers how it was asked. */
class Listener implements AsyncDisposable {
  readonly asked: Asked[] = [];
  /** Of calls beside logins. */
  status = 200;
  readonly #server: Server = createServer((request, response) => {
    void this.#answer(request).then(body => {
      const login = request.url?.endsWith('/tokens') === true;
      const headers = { 'content-type': 'application/json', 'set-cookie': 'session_id=1; Path=/' };
      response.writeHead(login ? 200 : this.status, headers).end(JSON.stringify(body));
    });
  });

  async #answer(request: IncomingMessage): Promise<unknown> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    this.asked.push({
      ...{ at: `${request.method} ${request.url}`, headers: request.headers, body: Buffer.concat(chunks) },
    });
    return { id: 'x', code: 'UNAUTHORIZED', status: 401, detail: 'no rights', expires: systemClock.nowMs() };
  }

  async open(): Promise<{ northbound: Northbound; transport: NbiTransport }> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/osm`;
    const transport = await NbiTransport.open({ url, tls: { kind: 'system' } });
    const account = { user: 'ops', password: 'secret', project: 'vehicles' };
    return { northbound: new Northbound(new Login(transport, account, systemClock)), transport };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

describe('requests to the northbound interface', () => {
  it('ask for JSON, tell the length of their bodies, and keep no cookies', async () => {
    await using listener = new Listener();
    const { northbound, transport } = await listener.open();
    const bytes = Buffer.from('a package');
    const md5 = createHash('md5').update(bytes).digest('hex');
    await northbound.addVim({ name: 'edge-1' });
    await northbound.onboard('vnf', { bytes, md5 });
    await northbound.terminate('ns', true);
    await northbound.remove('ns');
    await transport[Symbol.asyncDispose]();
    const calls = listener.asked.filter(({ at }) => !at.endsWith('/tokens'));
    assert.deepEqual(
      calls.map(({ at }) => at),
      [
        'POST /osm/admin/v1/vim_accounts',
        'POST /osm/vnfpkgm/v1/vnf_packages_content',
        'POST /osm/nslcm/v1/ns_instances/ns/terminate',
        'DELETE /osm/nslcm/v1/ns_instances/ns',
      ],
    );
    for (const { at, headers, body } of listener.asked) {
      assert.equal(headers.accept, 'application/json', at);
      assert.equal(headers.cookie, undefined, at);
      assert.equal(headers['transfer-encoding'], undefined, at);
      assert.equal(Number(headers['content-length'] ?? 0), body.length, at);
    }
    const [, upload, terminate] = calls;
    assert.deepEqual(
      [upload?.headers['content-type'], upload?.headers['content-file-md5'], upload?.body],
      ['application/gzip', md5, bytes],
    );
    assert.deepEqual(JSON.parse(String(terminate?.body)), { autoremove: true });
    assert.ok(calls.every(({ headers }) => headers.authorization === 'Bearer x'));
  });

  it('are of one user in one project', async () => {
    await using listener = new Listener();
    const { northbound, transport } = await listener.open();
    await northbound.remove('ns');
    await transport[Symbol.asyncDispose]();
    assert.deepEqual(JSON.parse(String(listener.asked[0]?.body)), {
      ...{ username: 'ops', password: 'secret', project_id: 'vehicles' },
    });
    await using nbi = await openNbi({ release: 'R19' });
    const elsewhere = await NbiTransport.open({ url: nbi.url, tls: { kind: 'system' } });
    const login = new Login(elsewhere, { user: 'admin', password: 'admin', project: 'others' }, systemClock);
    await assert.rejects(new Northbound(login).list(), { code: 'MANO_REFUSED', message: /Project others not found/ });
    await elsewhere[Symbol.asyncDispose]();
  });

  it('that are told 401 again with a new token are refused, and not asked a third time', async () => {
    await using listener = new Listener();
    listener.status = 401;
    const { northbound, transport } = await listener.open();
    await assert.rejects(northbound.remove('ns'), { code: 'MANO_REFUSED', message: /UNAUTHORIZED: no rights/ });
    await transport[Symbol.asyncDispose]();
    assert.equal(listener.asked.filter(({ at }) => at.startsWith('DELETE')).length, 2);
    assert.equal(listener.asked.filter(({ at }) => at.endsWith('/tokens')).length, 2);
  });

  it('that are in conflict are told in the words of the interface', async () => {
    await using nbi = await openNbi({ release: 'R19' });
    const transport = await NbiTransport.open({ url: nbi.url, tls: { kind: 'system' } });
    const account = { user: 'admin', password: 'admin', project: 'admin' };
    const northbound = new Northbound(new Login(transport, account, systemClock));
    const file = { bytes: Buffer.from('no package'), md5: '0'.repeat(32) };
    await assert.rejects(northbound.onboard('vnf', file), { code: 'MANO_CONFLICT', message: /MD5 checksum mismatch/ });
    await transport[Symbol.asyncDispose]();
  });
});

describe('the settings of the orchestrator', () => {
  let folder: string;
  let passwordFile: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
    passwordFile = join(folder, 'password');
    await writeFile(passwordFile, 'admin\n');
  });
  afterEach(() => rm(folder, { recursive: true }));
  const configOf = (url: string, more: Readonly<Record<string, string>> = {}) => {
    const flags = { 'osm-url': url, 'osm-password-file': passwordFile, ...more };
    return loadConfig(
      { ...OSM_SETTINGS, ...OSM_ORDER_SETTINGS },
      { argv: Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]), env: {} },
    );
  };

  it('say whom to believe: one pinned certificate and no other, anybody, or the system', async () => {
    await using nbi = await openNbi({ release: 'R19', tls: { key: TEST_KEY, cert: TEST_CERTIFICATE } });
    await writeFile(join(folder, 'theirs.pem'), TEST_CERTIFICATE);
    await writeFile(join(folder, 'other.pem'), OTHER_CERTIFICATE);
    for (const [more, works] of [
      [{}, false],
      [{ 'osm-trust': 'insecure' }, true],
      [{ 'osm-trust': 'ca', 'osm-ca-file': join(folder, 'theirs.pem') }, true],
      [{ 'osm-trust': 'ca', 'osm-ca-file': join(folder, 'other.pem') }, false],
    ] as const) {
      await using open = await openNorthbound(configOf(nbi.url, more), systemClock);
      const said = JSON.stringify(more);
      if (works) assert.deepEqual(await open.northbound.list(), [], said);
      else await assert.rejects(open.northbound.list(), { code: 'MANO_AWAY' }, said);
    }
    await assert.rejects(openNorthbound(configOf(nbi.url, { 'osm-trust': 'ca' }), systemClock), {
      code: 'CONFIG_INVALID',
      message: /osm\.caFile/,
    });
  });

  it('give each domain its VIM account, and each order an enrolment token of its own', async () => {
    await using nbi = await openNbi({ release: 'R19', endingOf: () => ({ ms: 1, state: 'COMPLETED' }) });
    await using store = await openLmdbControlStore({ path: join(folder, 'control') });
    const deps = {
      ...{ store, clock: systemClock, timers: systemTimers, log: silentLog, words: () => WORDS },
      addressesFrom: () => '10.96.0.0',
    };
    const config = configOf(nbi.url, { 'osm-vims': 'edge-1=north,edge-2=south' });
    const ids: string[] = [];
    {
      await using open = await openNorthbound(config, systemClock);
      const account = { vim_type: 'openstack', vim_url: 'http://10.0.0.1:5000/v3', vim_tenant_name: 't' };
      for (const name of ['north', 'south'])
        ids.push(await open.northbound.addVim({ ...account, name, vim_user: 'u', vim_password: 'p' }));
      nbi.enableVims();
      await onboard(open.northbound, vxfOf('vmd')!);
    }
    await assert.rejects(openOsmMano(config, { ...deps, domains: ['core', 'edge-1'] }), {
      code: 'CONFIG_INVALID',
      message: /no VIM account of core/,
    });
    await using mano = await openOsmMano(config, { ...deps, domains: ['edge-1', 'edge-2'] });
    await mano.adopt();
    const instances = [await mano.start('edge-1'), await mano.start('edge-2')];
    const services = instances.map(({ host }) =>
      nbi.world.all('nsrs').find(nsr => nsr['name'] === `edgetwin-${host.replace('/', '-')}`),
    );
    assert.deepEqual(
      services.map(nsr => (nsr?.['instantiate_params'] as { vimAccountId: string }).vimAccountId),
      ids,
    );
    const tokens = nbi.world
      .all('vnfrs')
      .map(vnfr => (vnfr['additionalParamsForVnf'] as Record<string, string>)['enrolment_token']);
    assert.deepEqual(
      tokens,
      instances.map(({ enrolment }) => enrolment),
    );
    assert.ok(tokens.every(token => /^[0-9a-f]{32}$/.test(token ?? '')) && new Set(tokens).size === 2);
    for (const { host } of instances) await mano.stop(host);
  });
});
