import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { handoverCounts, serviceLease } from '../../../protocol/api/md-manager.js';
import { poolList } from '../../../protocol/api/pools.js';
import { FakeSdnApp } from '../../fakes/fake-sdn-app.js';
import { Gate } from '../../fakes/gate.js';
import { Lab } from './lab.js';

const NO_TICKETS = { 'tickets-per-domain': '0' };
/** Where tickets come before slots of one’s own. */
const TICKETS = { 'tickets-per-domain': '2', 'arming-reserve': '0', 'arming-budget': '2' };

async function openArmed(more: Readonly<Record<string, string>> = NO_TICKETS): Promise<Lab> {
  const lab = await Lab.open();
  await lab.stop();
  await lab.start({ topology: lab.topology, ...more });
  await lab.register('car-1');
  return lab;
}

describe('md-manager and slots kept for hand-overs that may come', function () {
  this.timeout(60_000);

  it('keeps a slot in the domain of a neighbouring access point, prepared at its host, and says what for', async () => {
    await using lab = await openArmed();
    await lab.armedFrom('car-1', 'edge-1');
    const { armed, tickets } = await lab.reservations();
    assert.deepEqual(
      [armed.map(({ vehicle, domain, reason }) => [vehicle, domain, reason]), tickets],
      [[['car-1', 'edge-2', 'neighbour ap-2']], []],
    );
    const [told] = lab.sdn.arming.get('car-1')!.slots;
    const slot = lab.mano.hosts.get(armed[0]!.host)!.slots.get('car-1');
    assert.deepEqual([told?.lease, told?.host.host, slot?.lease], [armed[0]!.lease, armed[0]!.host, armed[0]!.lease]);
    const { pools } = await lab.api.call('GET', '/v1/pools', { answer: poolList });
    const held = pools
      .flatMap(({ hosts }) => hosts.flatMap(({ slots }) => slots))
      .filter(one => one.vehicle === 'car-1');
    assert.deepEqual(held.map(({ state }) => state).sort(), ['assigned', 'reserved']);
    assert.match(await lab.assertOneTwin('car-1'), /^edge-1\//);
  });

  it('hands over by the armed slot: no epoch is burnt, nothing is re-routed or redirected, and arming follows the car', async () => {
    await using lab = await openArmed();
    await lab.armedFrom('car-1', 'edge-1');
    const before = await lab.vehicle('car-1');
    const [slot] = (await lab.reservations()).armed;
    const change = lab.redirect('car-1', 'edge-2', 'armed');
    assert.equal(await lab.tell(change), 'started');
    assert.equal(await lab.tell(change), 'known');
    const record = await lab.ended(change.handover);
    assert.deepEqual(
      [record.result, record.kind, record.way, record.attempt, record.epoch, record.toHost],
      ['completed', 'move', 'armed', 1, before.highestEpoch + 1, slot!.host],
    );
    assert.deepEqual(record.standby, { lease: slot!.lease, reason: 'neighbour ap-2' });
    assert.deepEqual(Object.keys(record.phases).sort(), [
      ...['activated', 'completed', 'detected', 'initiated', 'prepared', 'redirected', 'validated'],
    ]);
    assert.equal(await lab.assertOneTwin('car-1'), slot!.host);
    await lab.until(async () => (await lab.reservations()).armed.some(({ domain }) => domain === 'edge-1'));
    const after = await lab.reservations();
    assert.deepEqual(after.armed.map(({ reason }) => reason), ['neighbour ap-1']); // prettier-ignore
    const counts = await lab.api.call('GET', '/v1/handovers/counts', { answer: handoverCounts });
    assert.deepEqual(counts.ways, { armed: 1 });
  });

  it('goes to and fro by armed slots, each time with the next epoch', async () => {
    await using lab = await openArmed();
    await lab.armedFrom('car-1', 'edge-1');
    const { highestEpoch } = await lab.vehicle('car-1');
    for (const [n, domain] of ['edge-2', 'edge-1', 'edge-2'].entries()) {
      await lab.until(() => Promise.resolve(lab.sdn.arming.get('car-1')?.slots[0]?.domain === domain));
      const change = lab.redirect('car-1', domain, 'armed');
      await lab.tell(change);
      const { result, epoch } = await lab.ended(change.handover);
      assert.deepEqual([result, epoch], ['completed', highestEpoch + 1 + n]);
      assert.ok((await lab.assertOneTwin('car-1')).startsWith(domain));
    }
  });

  it('burns an epoch above those that sdn-app has used when it takes the next attempt itself', async () => {
    await using lab = await openArmed();
    await lab.armedFrom('car-1', 'edge-1');
    const change = lab.redirect('car-1', 'edge-2', 'armed');
    await lab.tell(change);
    const { epoch } = await lab.ended(change.handover);
    const back = randomUUID();
    await lab.move('car-1', 'edge-1', back);
    const record = await lab.ended(back);
    assert.deepEqual([record.result, record.way], ['completed', 'manager']);
    assert.ok(record.epoch! > epoch!);
    await lab.assertOneTwin('car-1');
  });

  it('hands over by ticket: the host is made ready before the claim; the ticket is replaced', async () => {
    await using lab = await openArmed(TICKETS);
    await lab.until(async () => (await lab.reservations()).tickets.length === 6);
    const id = randomUUID();
    await lab.move('car-1', 'edge-1', id);
    await lab.ended(id);
    await lab.until(() => Promise.resolve(lab.sdn.arming.get('car-1')?.tickets === true));
    assert.deepEqual(lab.sdn.arming.get('car-1')?.slots, []);
    const change = lab.redirect('car-1', 'edge-2', 'ticket');
    await lab.tell(change);
    const record = await lab.ended(change.handover);
    assert.deepEqual(
      [record.result, record.way, record.toHost, record.standby],
      ['completed', 'ticket', change.redirected!.host.host, { lease: change.redirected!.lease, reason: 'ticket' }],
    );
    await lab.assertOneTwin('car-1');
    await lab.until(() => Promise.resolve(lab.sdn.tickets.length === 6));
    assert.ok(!lab.sdn.tickets.some(({ lease }) => lease === change.redirected!.lease));
  });

  it('accepts by its durable lease what sdn-app did while the manager was away', async () => {
    await using lab = await openArmed();
    await lab.armedFrom('car-1', 'edge-1');
    await lab.stop();
    const change = lab.redirect('car-1', 'edge-2', 'armed');
    await lab.start({ topology: lab.topology, ...NO_TICKETS });
    await lab.tell(change);
    await lab.until(async () => (await lab.vehicle('car-1')).acting?.domain === 'edge-2');
    await lab.until(async () => (await lab.vehicle('car-1')).handover === undefined);
    const { acting } = await lab.vehicle('car-1');
    assert.deepEqual([acting?.host, acting?.epoch], [change.redirected!.host.host, change.redirected!.epoch]);
    assert.equal(await lab.assertOneTwin('car-1'), change.redirected!.host.host);
  });

  for (const effect of ['prepare', 'drain', 'activate', 'retire', 'release'])
    it(`is continued by the next manager when it ends while ${effect} of an armed hand-over is unanswered`, async () => {
      await using lab = await openArmed();
      await lab.armedFrom('car-1', 'edge-1');
      const change = lab.redirect('car-1', 'edge-2', 'armed');
      const held = lab.gate.close(effect);
      await lab.tell(change);
      await held.reached;
      await lab.stop();
      held.open();
      await lab.start({ topology: lab.topology, ...NO_TICKETS });
      await lab.until(async () => (await lab.vehicle('car-1')).acting?.domain === 'edge-2');
      await lab.until(async () => (await lab.vehicle('car-1')).handover === undefined);
      assert.equal(await lab.assertOneTwin('car-1'), change.redirected!.host.host);
    });

  it('keeps its leases over a restart, and tells sdn-app of the same slots again', async () => {
    await using lab = await openArmed();
    await lab.armedFrom('car-1', 'edge-1');
    const before = (await lab.reservations()).armed.map(({ lease }) => lease);
    await lab.stop();
    lab.sdn.arming.clear();
    await lab.start({ topology: lab.topology, ...NO_TICKETS });
    await lab.armedFrom('car-1', 'edge-1');
    assert.deepEqual(
      lab.sdn.arming.get('car-1')?.slots.map(({ lease }) => lease),
      before,
    );
  });

  it('replaces a slot whose host is lost, and takes another when sdn-app has used it nevertheless', async () => {
    await using lab = await openArmed();
    await lab.armedFrom('car-1', 'edge-1');
    const [first] = (await lab.reservations()).armed;
    await lab.mano.kill(first!.host);
    await lab.until(() => {
      const slots = lab.sdn.arming.get('car-1')?.slots ?? [];
      return Promise.resolve(slots.length === 1 && slots[0]!.host.host !== first!.host);
    });
    await lab.until(async () => {
      const { pools } = await lab.api.call('GET', '/v1/pools', { answer: poolList });
      return pools.find(({ domain }) => domain === 'edge-2')!.hosts.length === 2;
    });
    const change = lab.redirect('car-1', 'edge-2', 'armed');
    await lab.mano.kill(change.redirected!.host.host);
    await lab.tell(change);
    const record = await lab.ended(change.handover);
    assert.deepEqual([record.result, record.way, record.reason], ['completed', 'manager', undefined]);
    assert.match(await lab.assertOneTwin('car-1'), /^edge-2\//);
  });

  it('gives no slot to anybody before sdn-app has let go of it, or cannot use it any more', async () => {
    await using lab = await openArmed({ ...NO_TICKETS, 'arming-lease-ms': '1000' });
    await lab.armedFrom('car-1', 'edge-1');
    const [slot] = (await lab.reservations()).armed;
    const held = lab.gate.close('arm');
    await lab.move('car-1', 'edge-2');
    await held.reached;
    const kept = (): boolean => lab.mano.hosts.get(slot!.host)!.slots.get('car-1')?.lease === slot!.lease;
    assert.ok(kept(), 'the withdrawal is not confirmed yet');
    held.open();
    await lab.until(() => Promise.resolve(!kept()));
    assert.ok(!lab.sdn.arming.get('car-1')!.slots.some(({ lease }) => lease === slot!.lease));
  });

  it('keeps nothing where it does not know the network, or arming is off', async () => {
    await using lab = await openArmed({ 'arming-enabled': 'false' });
    const id = randomUUID();
    await lab.move('car-1', 'edge-1', id);
    await lab.ended(id);
    assert.deepEqual([await lab.reservations(), lab.sdn.arming.size], [{ armed: [], tickets: [] }, 0]);
  });
});

describe('the lease of sdn-app', function () {
  this.timeout(60_000);
  const ask = (lab: Lab, holder: string, url: string, ttlMs: number) =>
    lab.api.call('PUT', '/v1/leases/sdn-app', { body: { holder, url, ttlMs }, answer: serviceLease });

  it('has one holder, whose term rises with each change, and commands go to its URL', async () => {
    await using lab = await openArmed();
    await using other = await FakeSdnApp.open(new Gate());
    assert.equal((await ask(lab, 'app-1', lab.sdn.url, 200)).term, 1);
    assert.deepEqual((({ holder, term }) => [holder, term])(await ask(lab, 'app-2', other.url, 60_000)), ['app-1', 1]);
    await lab.until(async () => (await ask(lab, 'app-2', other.url, 60_000)).holder === 'app-2');
    assert.deepEqual((({ holder, term }) => [holder, term])(await ask(lab, 'app-1', lab.sdn.url, 200)), ['app-2', 2]);
    await lab.register('car-2');
    assert.deepEqual([lab.sdn.flows.has('car-2'), other.flows.has('car-2')], [false, true]);
    await assert.rejects(lab.move('car-1', 'edge-1'), { code: 'TERM_STALE' });
  });

  it('is its holder’s over a restart of the manager, until its whole time has passed once more', async () => {
    await using lab = await openArmed();
    await ask(lab, 'app-1', lab.sdn.url, 60_000);
    await lab.stop();
    await lab.start();
    const seen = await ask(lab, 'app-2', lab.sdn.url, 60_000);
    assert.deepEqual([seen.holder, seen.term], ['app-1', 1]);
    assert.ok(seen.ttlMs > 50_000);
  });
});
