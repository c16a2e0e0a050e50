import assert from 'node:assert/strict';
import { codeOf } from '../../../common/errors.js';
import { run } from '../../../md-manager/tool/cli.js';
import { handoverList, handoverOrdered } from '../../../protocol/api/md-manager.js';
import { drainState, poolList, type Pool } from '../../../protocol/api/pools.js';
import { saidBy, type Said } from '../../fakes/said.js';
import { Lab } from './lab.js';

/** Cells of the table that `edgetwin manager` printed: a row for each line. */
const cells = (text: string): string[][] =>
  text.split('\n').flatMap(line => (line === '' ? [] : [line.split(/ {2,}/).map(cell => cell.trim())]));

describe('edgetwin manager', () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.open({ 'pool-size': 'core=1,edge-1=1,edge-2=1', 'pool-max-hosts': 'edge-2=1,*=4' });
    await lab.register('car-1');
    await lab.register('car-2');
    for (const vehicle of ['car-1', 'car-2']) {
      await lab.move(vehicle, 'edge-1');
      await lab.until(async () => (await lab.vehicle(vehicle)).acting?.domain === 'edge-1');
      await lab.until(async () => (await lab.vehicle(vehicle)).handover === undefined);
    }
  });
  after(() => lab?.[Symbol.asyncDispose]());

  const manager = (...words: string[]): Promise<Said> =>
    saidBy(() => run([...words, '--manager', lab.api.url], {}, new AbortController().signal));
  const pools = async (): Promise<Pool[]> => (await lab.api.call('GET', '/v1/pools', { answer: poolList })).pools;
  const actingIn = async (vehicle: string): Promise<string> => (await lab.vehicle(vehicle)).acting!.host;

  it('shows who is the twin of whom', async () => {
    const { code, out } = await manager('vehicles');
    assert.equal(code, 0);
    const rows = cells(out);
    assert.deepEqual(rows[0], [
      'vehicle',
      'number',
      'domain',
      'twin',
      'epoch',
      'flow to',
      'highest',
      'car at',
      'hand-over',
    ]);
    assert.deepEqual(
      rows.slice(1).map(([vehicle, , domain]) => [vehicle, domain]),
      [
        ['car-1', 'edge-1'],
        ['car-2', 'edge-1'],
      ],
    );
    const one = await manager('vehicles', 'car-1', '--json');
    assert.deepEqual(
      (JSON.parse(one.out) as { vehicle: string }[]).map(({ vehicle }) => vehicle),
      ['car-1'],
    );
    await assert.rejects(manager('vehicles', 'car-9'), { code: 'VEHICLE_UNKNOWN' });
  });

  it('shows pools with what they were good for, and every host', async () => {
    const { out } = await manager('pools');
    const [domains = '', hosts = ''] = out.split('\n\n');
    const core = cells(domains).find(([name]) => name === 'core');
    // Two registrations, both served at once.
    assert.deepEqual([core?.[3], core?.[8], core?.[9]], ['4', '2', '100.0 %']);
    assert.equal(cells(domains).find(([name]) => name === 'edge-2')?.[3], '1', 'its quota');
    assert.equal(cells(hosts).length - 1, lab.mano.hosts.size);
    assert.ok(
      cells(hosts)
        .slice(1)
        .every(([, state]) => state === 'ready'),
    );
  });

  it('orders a twin into a domain, waits for the end and tells its phases', async () => {
    const { code, out } = await manager('handover', 'car-1', 'edge-2');
    assert.equal(code, 0, out);
    assert.equal((await lab.vehicle('car-1')).acting?.domain, 'edge-2');
    await lab.assertOneTwin('car-1');
    const [row] = cells(out).slice(1);
    assert.deepEqual([row?.[1], row?.[2], row?.[6]], ['car-1', 'ordered', 'completed']);
    assert.deepEqual(
      cells(out.split('\n\n')[1] ?? '').map(([phase]) => phase),
      ['phase', 'initiated', 'prepared', 'redirected', 'activated', 'completed'],
    );
    const again = await manager('handover', 'car-1', 'edge-2');
    assert.deepEqual([again.code, again.out], [0, 'the twin of car-1 is in edge-2\n']);
  });

  it('refuses orders to nowhere, and for nobody', async () => {
    await assert.rejects(manager('handover', 'car-1', 'edge-9'), {
      code: 'REQUEST_INVALID',
      message: /core, edge-1, edge-2/,
    });
    await assert.rejects(manager('handover', 'car-9', 'edge-1'), { code: 'VEHICLE_UNKNOWN' });
    await assert.rejects(manager('drain', 'edge-1/999'), { code: 'NOT_FOUND' });
    await assert.rejects(manager('drain', 'edge-1'), { code: 'CONFIG_INVALID', message: /edge-1\/2/ });
    await assert.rejects(manager('handover', 'car-1'), { code: 'CONFIG_INVALID', message: /VEHICLE DOMAIN/ });
    assert.equal((await manager('dance')).code, 2);
  });

  it('takes the same order twice for one', async () => {
    const handover = '6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b';
    const order = (): Promise<unknown> =>
      lab.api.call('POST', '/v1/vehicles/car-1/handover', {
        body: { domain: 'edge-1', handover },
        answer: handoverOrdered,
      });
    assert.deepEqual(await order(), { handover, result: 'started' });
    assert.deepEqual(await order(), { handover, result: 'known' });
    await lab.ended(handover);
    assert.deepEqual(await order(), { handover, result: 'known' });
    const { handovers } = await lab.api.call('GET', '/v1/handovers?vehicle=car-1', { answer: handoverList });
    assert.equal(handovers.filter(({ id }) => id === handover).length, 1);
  });

  it('drains a host: its twins go to another one of the domain, and it is ended', async () => {
    const host = await actingIn('car-2');
    const { code, out } = await manager('drain', host);
    assert.deepEqual([code, out], [0, `${host} is empty, and ended\n`]);
    assert.ok(!lab.mano.hosts.has(host));
    for (const vehicle of ['car-1', 'car-2']) {
      assert.equal((await lab.vehicle(vehicle)).acting?.domain, 'edge-1');
      await lab.assertOneTwin(vehicle);
    }
    const { out: table } = await manager('handovers', '--vehicle', 'car-2', '--limit', '1');
    assert.deepEqual([cells(table)[1]?.[2], cells(table)[1]?.[4], cells(table)[1]?.[6]], ['drain', host, 'completed']);
  });

  it('leaves a twin where it is while it finds no other place, says so, and goes on when there is one', async () => {
    await lab.move('car-2', 'edge-2');
    await lab.until(async () => {
      const { acting, handover } = await lab.vehicle('car-2');
      return acting?.domain === 'edge-2' && handover === undefined;
    });
    const host = await actingIn('car-2');
    // The domain has this one host, and may have no other.
    const { code, out } = await manager('drain', host, '--wait-s', '1');
    assert.equal(code, 1);
    assert.match(out, new RegExp(`^${host} is given to nobody any more; 1 of its slots are held still`));
    assert.equal(await lab.assertOneTwin('car-2'), host);
    const shown = (await pools()).flatMap(({ hosts }) => hosts).find(row => row.host.host === host);
    assert.equal(shown?.state, 'draining');
    assert.equal((await manager('handover', 'car-2', 'edge-1')).code, 0);
    await lab.until(() => Promise.resolve(!lab.mano.hosts.has(host)));
    await lab.until(async () => (await pools()).some(({ domain, hosts }) => domain === 'edge-2' && hosts.length === 1));
  });

  it('is the same order to drain a host twice', async () => {
    const host = await actingIn('car-2');
    const path = `/v1/hosts/${host}/drain`;
    const held = async (): Promise<number> => (await lab.api.call('POST', path, { answer: drainState })).held;
    assert.ok((await held()) > 0);
    await held().catch((error: unknown) => assert.equal(codeOf(error), 'NOT_FOUND', 'it may be gone already'));
    await lab.until(() => Promise.resolve(!lab.mano.hosts.has(host)));
  });

  it('finds that everybody agrees', async () => {
    await lab.until(async () => (await manager('reconcile')).out.includes('everybody agrees'));
    assert.equal((await manager('reconcile')).code, 0);
  });

  it('gives back slots that a host keeps for nobody, and moves a twin that its host has forgotten', async () => {
    const host = await actingIn('car-1');
    const { slots } = lab.mano.hosts.get(host)!;
    slots.set('car-9', { state: 'reserved', highest: 7, handover: 'long ago' });
    const strays = await manager('reconcile');
    assert.equal(strays.code, 0);
    assert.deepEqual(cells(strays.out).at(-1), ['slot-unknown', host, 'car-9', 'released']);
    assert.ok(!slots.has('car-9'));

    slots.delete('car-1');
    const { out } = await manager('reconcile');
    assert.deepEqual(cells(out).at(-1), ['slot-missing', host, 'car-1', 'moved']);
    await lab.until(async () => (await lab.vehicle('car-1')).acting?.host !== host);
    await lab.until(async () => (await lab.vehicle('car-1')).handover === undefined);
    await lab.assertOneTwin('car-1');
  });

  it('says all of it as JSON, too', async () => {
    const host = await actingIn('car-1');
    const asked: readonly (readonly [words: readonly string[], has: string])[] = [
      [['vehicles'], 'vehicle'],
      [['pools'], 'hosts'],
      [['handovers', '--limit', '3'], 'id'],
      [['handover', 'car-1', host.split('/')[0]!], ''],
      [['drain', host, '--wait-s', '0'], 'held'],
      [['drain', host, '--cancel', 'true'], 'held'],
      [['reconcile'], ''],
    ];
    for (const [words, has] of asked) {
      const { out } = await manager(...words, '--json');
      const said: unknown = JSON.parse(out);
      const first: unknown = Array.isArray(said) ? said[0] : said;
      assert.ok(typeof first === 'object' || has === '', `${words.join(' ')}: ${out}`);
      if (has !== '') assert.ok(has in (first as object), `${words.join(' ')}: ${out}`);
    }
  });

  it('says that nobody is there, and where it looked', async () => {
    const away = (): Promise<Said> =>
      saidBy(() => run(['pools', '--manager', 'http://127.0.0.1:9'], {}, new AbortController().signal));
    await assert.rejects(away, { code: 'UPSTREAM_AWAY', message: /no md-manager answers at http:\/\/127\.0\.0\.1:9 / });
  });
});
