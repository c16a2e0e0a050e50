import assert from 'node:assert/strict';
import { Resources } from '../../../common/lifecycle.js';
import { silentLog } from '../../../common/log.js';
import { arm } from '../../../sdn-app/commands.js';
import { openHttp } from '../../../protocol/api/http-server.js';
import { decodeCookie } from '../../../sdn-app/redirect/cookie.js';
import { route } from '../../../protocol/api/route.js';
import { hostNetwork } from '../../../protocol/api/vmd.js';
import { sdnRoutes } from '../../../sdn-app/rest/routes.js';
import { run } from '../../../sdn-app/tool/cli.js';
import { saidBy, type Said } from '../../fakes/said.js';
import { sdnMetrics } from '../../fakes/sdn-network.js';
import { SdnWorld, TWO_SWITCHES, edge1, edge2, slotOf, type App } from '../../fakes/sdn-world.js';

const said = (...argv: readonly string[]): Promise<Said> => saidBy(() => run(argv, {}));

describe('edgetwin sdn', () => {
  let all: Resources;
  let world: SdnWorld;
  let app: App;
  let url: string;

  const serve = async ({ service }: App): Promise<string> => {
    const http = await openHttp({
      part: 'sdn-app',
      listen: { address: '127.0.0.1', port: 0 },
      routes: sdnRoutes(service),
      log: silentLog,
      metrics: sdnMetrics(),
    });
    return all.use(http).url;
  };

  beforeEach(async () => {
    all = new Resources();
    world = new SdnWorld(TWO_SWITCHES);
    app = await world.openActive();
    all.defer(() => app.stop());
    url = await serve(app);
    await world.install(app, 'car-1', 1, edge1);
    await world.install(app, 'car-2', 2, edge1);
    await world.frame(app, 1, { datapath: 1, port: 1 });
    await arm(app.service.active, 'car-1', { term: 1, slots: [slotOf('a', edge2)], tickets: false, leaseMs: 60_000 });
    await world.clock.advance(100);
    await world.frame(app, 1, { datapath: 1, port: 2 });
  });

  afterEach(() => all[Symbol.asyncDispose]());

  it('vehicles: where each is, its twin, what is armed and its last move', async () => {
    const { code, out } = await said('vehicles', '--sdn', url);
    assert.equal(code, 0);
    const [head, one, two] = out.split('\n');
    assert.match(head ?? '', /^vehicle +number +state +at +twin/);
    assert.match(
      one ?? '',
      /^car-1 +1 +attached +1\/2 ap-2 127\.0\.1\.1:5683 +edge-1\/1 +0 +– +edge-2 .* port re-route$/,
    );
    assert.match(two ?? '', /^car-2 +2 +waiting +– /);
  });

  it('vehicles: says where the port is down, also to an sdn-app that comes after it went', async () => {
    const shows = async (sdn: string): Promise<string> => (await said('vehicles', 'car-1', '--sdn', sdn)).out;
    const tell = ({ switches }: App, up: boolean): void =>
      switches[0]?.tell({ type: 'portStatus', datapath: 1, port: 2, up });
    tell(app, false);
    assert.match(await shows(url), / 1\/2 \(down\) ap-2 /);
    tell(app, true);
    assert.match(await shows(url), / 1\/2 ap-2 /);
    await app.stop();
    world.manager.expireLease();
    const next = world.open();
    all.defer(() => next.stop());
    tell(next, false);
    await world.clock.advance(2_000);
    assert.match(await shows(await serve(next)), / 1\/2 \(down\) ap-2 /);
    next.switches[0]?.cut();
    next.switches[0]?.mend();
    await world.clock.advance(2_000);
    assert.match(await shows(await serve(next)), / 1\/2 ap-2 /);
  });

  it('vehicles: says who may use a ticket', async () => {
    const request = { term: 1, slots: [], tickets: true, leaseMs: 60_000 };
    assert.ok(!(await said('vehicles', 'car-1', '--sdn', url)).out.includes('ticket'));
    await world.clock.advance(1_000);
    await arm(app.service.active, 'car-1', request);
    assert.match((await said('vehicles', 'car-1', '--sdn', url)).out, / ticket /);
  });

  it('vehicles car-1: with the packets of its flows', async () => {
    const { out } = await said('vehicles', 'car-1', '--sdn', url);
    assert.match(out, /path 0/);
    const { out: json } = await said('vehicles', 'car-1', '--json', '--sdn', url);
    assert.equal((JSON.parse(json) as { packets: Record<string, number> }[])[0]?.packets['path'], 0);
  });

  it('flows: of all, or of one vehicle, with the names of vehicles', async () => {
    const { out } = await said('flows', '--sdn', url);
    assert.match(out, /^switch +table +priority +kind +vehicle +epoch +packets/);
    assert.match(out, /base/);
    const { out: one } = await said('flows', '--vehicle', 'car-1', '--sdn', url);
    assert.ok(!one.includes('base') && !one.includes('car-2'));
    assert.match(one, /armed +car-1/);
    assert.match(one, / path +car-1 .* from port 2, .* udpSrc 5683 +ethSrc ← .* out of port 11$/m);
    await assert.rejects(said('flows', '--vehicle', 'car-7', '--sdn', url), { code: 'VEHICLE_UNKNOWN' });
  });

  it('moves: detector, way, and the times of the phases', async () => {
    const { out } = await said('moves', '--vehicle', 'car-1', '--sdn', url);
    const lines = out.trim().split('\n');
    assert.equal(lines.length, 3);
    assert.match(lines[1] ?? '', /car-1 +1\/1 ap-1 .* 1\/2 ap-2 .* port +re-route +0\.00/);
    assert.match((await said('moves', '--vehicle', 'car-9', '--sdn', url)).out, /no move/);
    const { out: json } = await said('moves', '--vehicle', 'car-1', '--json', '--sdn', url);
    assert.deepEqual(
      (JSON.parse(json) as { detector: string; way: string }[]).map(({ detector, way }) => [detector, way]),
      [
        ['port', 're-route'],
        ['first', 're-route'],
      ],
    );
  });

  it('check: says that all is well, or exits with 1', async () => {
    const { code, out } = await said('check', '--sdn', url);
    assert.equal(code, 0);
    assert.match(out, /every switch that was read holds what it should/);
    assert.match(out, /no-way-out +0/);
    assert.match(out, /^edge-1\/1 +not reached +– +–$/m);
    world.states.get(2)?.flows.clear();
    const after = await said('check', '--sdn', url);
    assert.equal(after.code, 1);
    assert.match(after.out, /2 +read +\d\d/);
    app.switches[0]?.cut();
    assert.match((await said('check', '--sdn', url)).out, /1 +not connected/);
    app.switches[1]?.cut();
    const away = await said('check', '--sdn', url);
    assert.equal(away.code, 1);
    assert.match(away.out, /^no switch was read$/m);
  });

  it('flows, vehicles, check: block after block of vehicle numbers, and nothing is left out', async () => {
    for (const number of [1_030, 5_000, 9_000]) await world.install(app, `car-${number}`, number, edge1);
    assert.equal((await said('check', '--sdn', url)).code, 0);
    const names = (text: string): string[] => [...new Set(text.match(/car-\d+/g))];
    const all = ['car-1', 'car-2', 'car-1030', 'car-5000', 'car-9000'];
    assert.deepEqual(names((await said('vehicles', '--sdn', url)).out), all);
    assert.deepEqual(names((await said('flows', '--sdn', url)).out).sort(), [...all].sort());
    const whole = JSON.parse((await said('flows', '--json', '--sdn', url)).out) as { kind: string }[];
    const here = app.switches.reduce((sum, { state }) => sum + state.flows.size, 0);
    assert.equal(whole.length, here);
    const gone = [...(world.states.get(1)?.flows.entries() ?? [])].filter(
      ([, { cookie }]) => decodeCookie(cookie)?.number === 9_000,
    );
    for (const [key] of gone) world.states.get(1)?.flows.delete(key);
    const after = await said('check', '--sdn', url);
    assert.equal(after.code, 1);
    assert.match(after.out, new RegExp(`^ *1 +read +${gone.length} +0$`, 'm'));
  });

  it('check: shows what each vMD host says of its checksums, and exits with 1 where datagrams were dropped', async () => {
    const found = {
      checksumErrors: 0,
      interfaces: [
        { name: 'eth0', txOffload: 'on' as const },
        { name: 'eth1', txOffload: 'off' as const },
      ],
    };
    const host = await openHttp({
      part: 'vmd',
      listen: { address: '127.0.0.1', port: 0 },
      routes: [route({ method: 'GET', path: '/v1/network', summary: '', answer: hostNetwork, handle: () => found })],
      log: silentLog,
      metrics: sdnMetrics(),
    });
    all.use(host);
    for (const [name, number] of [
      ['car-3', 3],
      ['car-4', 4],
    ] as const)
      await world.install(app, name, number, { ...edge2, control: host.url });
    const { code, out } = await said('check', '--sdn', url);
    assert.equal(code, 0);
    assert.match(out, /^vMD host +UDP checksum errors +transmit checksum offload on +off$/m);
    assert.equal(out.match(/^edge-2\/1 +0 +eth0 +eth1$/gm)?.length, 1);
    found.checksumErrors = 7;
    const after = await said('check', '--json', '--sdn', url);
    assert.equal(after.code, 1);
    const { hosts } = JSON.parse(after.out) as { hosts: { host: string; found: unknown }[] };
    assert.deepEqual(hosts.find(row => row.host === 'edge-2/1')?.found, found);
  });

  it('check --host: needs no sdn-app', async () => {
    const { out } = await said('check', '--host', '--sdn', 'http://127.0.0.1:9');
    assert.match(out, /UDP checksum errors/);
  });

  it('trace: table by table to the host and back', async () => {
    const { out } = await said('trace', 'car-1', '--from', 'elsewhere', '--sdn', url);
    assert.match(out, /car-1: frame from 127\.0\.1\.1:5683 at port 1 of switch 2 \(ap-3\)/);
    assert.match(out, /switch 2 table 1 +armed, priority 95/);
    assert.match(out, /→ host .*edge-2|→ 127\.96\.0\.21:5683 by port 12 of switch 2/);
    assert.match(out, /its answer/);
    const { out: json } = await said('trace', 'car-1', '--from', 'elsewhere', '--json', '--sdn', url);
    assert.equal((JSON.parse(json) as { vehicle: string }).vehicle, 'car-1');
  });

  it('is led by a stand-by to the active one', async () => {
    const second = await world.openActive();
    all.defer(() => second.stop());
    world.manager.leased = { holder: 'app-1', url, term: 1 };
    await world.clock.advance(1_100);
    const { out } = await said('vehicles', '--sdn', await serve(second));
    assert.match(out, /^car-1/m);
  });

  it('says what is wrong with its words, and where nobody answers', async () => {
    const { code, err } = await said('flow');
    assert.equal(code, 2);
    assert.match(err, /'flow' is none of flows, vehicles, moves, check, trace/);
    assert.equal((await said()).code, 2);
    await assert.rejects(said('trace', '--sdn', url), { code: 'CONFIG_INVALID', message: /trace needs a vehicle/ });
    await assert.rejects(said('check', 'car-1', '--sdn', url), {
      code: 'CONFIG_INVALID',
      message: /'car-1' is too much/,
    });
    await assert.rejects(said('vehicles', 'car-1/..', '--sdn', url), { code: 'REQUEST_INVALID' });
    await assert.rejects(said('vehicles', '--jason'), { code: 'CONFIG_INVALID', message: /--jason is unknown/ });
    await assert.rejects(said('vehicles', '--sdn', 'http://127.0.0.1:9'), {
      code: 'UPSTREAM_AWAY',
      message: /no sdn-app answers at http:\/\/127\.0\.0\.1:9/,
    });
  });
});
