import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { borders } from '../../../../md-manager/triggers/mobility/adjacency.js';
import { Announcements } from '../../../../md-manager/triggers/mobility/announcements.js';
import { Mail } from '../../../../md-manager/triggers/mobility/mail.js';
import { Registered } from '../../../../md-manager/triggers/mobility/registered.js';
import { Transfers } from '../../../../md-manager/triggers/mobility/transfers.js';
import { namesOf } from '../../../../md-manager/triggers/names.js';
import { Subscribers } from '../../../../md-manager/triggers/mobility/subscribers.js';
import type { HandoverRecord } from '../../../../protocol/api/md-manager.js';
import { fault } from '../../../../protocol/errors.js';
import { METRICS } from '../../../../protocol/metrics.js';
import { parseTopology } from '../../../../protocol/topology.js';
import { timeStampOf } from '../../../../protocol/triggers/mec-location.js';
import {
  mobilityRegistration,
  mobilitySubscription,
  type MobilitySubscription,
} from '../../../../protocol/triggers/mec-mobility.js';
import type { NoteRow } from '../../../../store/types.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

type Bag = Record<string, unknown>;

const wish = (filterCriteria: Bag = {}, more: Bag = {}): MobilitySubscription =>
  mobilitySubscription.parse({
    ...{ subscriptionType: 'MobilityProcedureSubscription', callbackReference: 'http://there/told', filterCriteria },
    ...more,
  });

const RECORD: HandoverRecord = {
  ...{ id: 'h-1', vehicle: 'car-1', kind: 'move', result: 'running', attempt: 1, startedAtMs: 0 },
  ...{ fromDomain: 'edge-1', toDomain: 'edge-2', fromHost: 'edge-1/1', toHost: 'edge-2/1' },
  phases: { initiated: 1 },
};
const DONE: HandoverRecord = { ...RECORD, result: 'completed' };

function scene() {
  const clock = fakeClock();
  const metrics = new Metrics(METRICS);
  const sent: Bag[] = [];
  const answers: boolean[] = [];
  const post = (_url: string, body: unknown): Promise<void> => {
    if (answers.shift() === false) return Promise.reject(new Error('away'));
    sent.push(body as Bag);
    return Promise.resolve();
  };
  const mail = new Mail({ post, timers: clock, metrics, log: silentLog });
  let ids = 0;
  const notes = new Map<string, NoteRow>();
  const store = {
    away: false,
    putNote: (row: NoteRow): Promise<void> => {
      if (store.away) return Promise.reject(fault('STORE_AWAY', 'note'));
      notes.set(row.id, row);
      return Promise.resolve();
    },
    deleteNote: (_kind: string, id: string): Promise<void> => {
      if (store.away) return Promise.reject(fault('STORE_AWAY', 'note'));
      notes.delete(id);
      return Promise.resolve();
    },
  };
  const subscribers = new Subscribers({
    ...{ url: 'http://here/subscriptions', mail, store, clock, timers: clock, metrics, log: silentLog },
    ...{ term: 3, newId: () => `s-${++ids}` },
  });
  const registered = new Registered({
    ...{ store, term: 3, clock, timers: clock, metrics, log: silentLog, newId: () => `a-${++ids}` },
  });
  const announcements = new Announcements({
    subscribers,
    associateIds: vehicle => (vehicle === 'car-9' ? [] : [{ type: 'UE_IPv4_ADDRESS', value: '10.45.0.7' }]),
    follows: (app, ids) => registered.follows(app, ids),
    hostOf: host => {
      const [domain = ''] = host.split('/');
      return { host, domain, address: '10.96.0.1', port: 5683, control: 'http://10.96.0.1:5684' };
    },
    nowMs: () => clock.nowMs(),
  });
  const told = async (...records: HandoverRecord[]): Promise<unknown[]> => {
    sent.splice(0);
    for (const record of records) announcements.onRecord(record);
    await clock.advance(0);
    return sent.map(body => body['mobilityStatus'] ?? body['notificationType']);
  };
  return { clock, metrics, mail, store, notes, subscribers, registered, sent, answers, told };
}

const [TRIGGERED, COMPLETED, FAILED] = ['TRIGGERED', 'COMPLETED', 'FAILED'].map(end => `INTERHOST_MOVEOUT_${end}`);

describe('hand-overs as others are told of them (MEC 021)', () => {
  it('begin once and end once, however often something is reached', async () => {
    const { subscribers, told } = scene();
    await subscribers.add(wish());
    assert.deepEqual(await told(RECORD, RECORD, { ...RECORD, phases: { initiated: 1, prepared: 2 } }), [TRIGGERED]);
    assert.deepEqual(await told(DONE), [COMPLETED]);
    assert.deepEqual(await told({ ...RECORD, id: 'h-2' }, { ...RECORD, id: 'h-2', result: 'cancelled' }), [
      TRIGGERED,
      FAILED,
    ]);
  });

  it('are none where they stay on their host, are a first one, never began, or are of a device that has no name there', async () => {
    const { subscribers, told } = scene();
    await subscribers.add(wish());
    const { toHost: _to, ...nowhere } = RECORD;
    assert.deepEqual(
      await told(
        { ...DONE, kind: 'first' },
        { ...DONE, kind: 'same-domain' },
        { ...DONE, toHost: 'edge-1/1' },
        nowhere,
        { ...nowhere, result: 'failed' },
        { ...RECORD, vehicle: 'car-9' },
      ),
      [],
    );
  });

  it('are told to whoever asked for their host, their device, their status, and to nobody else', async () => {
    const mine = [{ type: 'UE_IPv4_ADDRESS', value: '10.45.0.7' }];
    for (const [criteria, expected] of [
      [{ appInstanceId: 'edge-1/1' }, 1],
      [{ appInstanceId: 'edge-2/1' }, 1],
      [{ appInstanceId: 'edge-3/1' }, 0],
      [{ associateId: mine }, 1],
      [{ associateId: [{ type: 'UE_IPV6_ADDRESS', value: '10.45.0.7' }] }, 0],
      [{ mobilityStatus: [TRIGGERED] }, 1],
      [{ mobilityStatus: [1] }, 1],
      [{ mobilityStatus: [COMPLETED, FAILED] }, 0],
      [{ appInstanceId: 'edge-1/1', associateId: mine, mobilityStatus: [COMPLETED] }, 0],
    ] as const) {
      const { subscribers, told } = scene();
      await subscribers.add(wish(criteria));
      assert.equal((await told(RECORD)).length, expected, JSON.stringify(criteria));
    }
  });
});

describe('subscribers to hand-overs', () => {
  it('are told a minute before their end, and of nothing after it', async () => {
    const { clock, subscribers, told, sent, metrics } = scene();
    const expiryDeadline = timeStampOf(clock.nowMs() + 300_000);
    await subscribers.add(wish({}, { expiryDeadline }));
    await clock.advance(240_000);
    assert.deepEqual(sent.map(body => [body['notificationType'], body['expiryDeadline']]), [['ExpiryNotification', expiryDeadline]]); // prettier-ignore
    assert.deepEqual(await told(RECORD), [TRIGGERED]);
    await clock.advance(60_000);
    assert.deepEqual(await told({ ...RECORD, id: 'h-2' }), []);
    assert.equal(await metrics.total('manager_mobility_subscriptions'), 0);
  });

  it('stay for another while when they renew, and an hour at most', async () => {
    const { clock, subscribers, told } = scene();
    const { id } = await subscribers.add(wish({}, { expiryDeadline: timeStampOf(clock.nowMs() + 120_000) }));
    await subscribers.replace(id, wish());
    await clock.advance(3_599_999);
    assert.deepEqual(await told(RECORD), [TRIGGERED]);
    await clock.advance(1);
    assert.deepEqual(await told(DONE), []);
    assert.equal(clock.pending, 0);
  });

  it('go on under the next leader for the rest of their time, and are told of what began under the one before', async () => {
    const first = scene();
    await first.subscribers.add(wish({}, { expiryDeadline: timeStampOf(first.clock.nowMs() + 120_000) }));
    await first.told(RECORD);
    const second = scene();
    second.subscribers.load([...first.notes.values()]);
    assert.deepEqual(await second.told({ ...RECORD, result: 'failed' }), [FAILED]);
    await second.clock.advance(120_000);
    assert.deepEqual(await second.told({ ...RECORD, id: 'h-2' }), []);
  });

  it('are written down before they are answered, and forgotten there with their end', async () => {
    const { clock, store, notes, subscribers } = scene();
    store.away = true;
    await assert.rejects(subscribers.add(wish()), { code: 'STORE_AWAY' });
    assert.deepEqual(subscribers.all(), []);
    store.away = false;
    const { id } = await subscribers.add(wish());
    const renewed = wish({}, { expiryDeadline: timeStampOf(clock.nowMs() + 1_000) });
    store.away = true;
    for (const change of [() => subscribers.replace(id, renewed), () => subscribers.remove(id)])
      await assert.rejects(change, { code: 'STORE_AWAY' });
    await clock.advance(2_000);
    assert.equal(subscribers.all().length, 1, 'it is as it was');
    store.away = false;
    await subscribers.remove(id);
    await subscribers.replace((await subscribers.add(wish())).id, renewed);
    assert.equal(notes.size, 1);
    await clock.advance(1_000);
    assert.equal(notes.size, 0);
  });

  it('are not taken over where their time is up', async () => {
    const { clock, notes, subscribers } = scene();
    await subscribers.add(wish({}, { expiryDeadline: timeStampOf(clock.nowMs() + 1_000) }));
    const late = scene();
    late.clock.step(2_000);
    late.subscribers.load([...notes.values()]);
    assert.deepEqual(late.subscribers.all(), []);
  });

  it('are so many and no more', async () => {
    const { subscribers } = scene();
    for (let n = 0; n < 1_000; n++) await subscribers.add(wish());
    await assert.rejects(subscribers.add(wish()), { code: 'READERS_FULL' });
    subscribers[Symbol.dispose]();
  });
});

describe('applications of others that go with their devices', () => {
  const DEVICE = { type: 'UE_IPv4_ADDRESS', value: '10.45.0.7' };
  const app = (more: Bag = {}, device: Bag = {}): ReturnType<typeof mobilityRegistration.parse> =>
    mobilityRegistration.parse({
      serviceConsumerId: { appInstanceId: 'their-app' },
      deviceInformation: [{ associateId: DEVICE, ...device }],
      ...more,
    });

  it('are told of the hand-overs of those devices, by whichever subscription is for them', async () => {
    const { subscribers, registered, told } = scene();
    await subscribers.add(wish({ appInstanceId: 'their-app' }));
    assert.deepEqual(await told(RECORD), [], 'not before they are registered');
    const { id } = await registered.add(app());
    assert.deepEqual(await told(DONE), [COMPLETED]);
    await registered.replace(id, app({}, { associateId: { ...DEVICE, value: '10.45.0.8' } }));
    assert.deepEqual(await told({ ...RECORD, id: 'h-2' }), [], 'of another device');
    await registered.replace(id, app({ serviceConsumerId: { mepId: 'their-app' } }));
    assert.deepEqual(await told({ ...RECORD, id: 'h-3' }), [], 'of a platform');
  });

  it('are told nothing of devices that they do not go with', async () => {
    const { subscribers, registered, told } = scene();
    await subscribers.add(wish({ appInstanceId: 'their-app' }));
    const { id } = await registered.add(app({}, { appMobilityServiceLevel: 'APP_MOBILITY_NOT_ALLOWED' }));
    assert.deepEqual(await told(RECORD), []);
    await registered.replace(id, app({}, { appMobilityServiceLevel: 'APP_MOBILITY_WITH_CONFIRMATION' }));
    assert.deepEqual(await told(DONE), [COMPLETED]);
    await registered.remove(id);
    assert.deepEqual(await told({ ...RECORD, id: 'h-2' }), []);
  });

  it('end at their time, or never, and go on under the next leader', async () => {
    const first = scene();
    const timed = await first.registered.add(app({ expiryTime: 60 }));
    const lasting = await first.registered.add(app({ expiryTime: 0 }));
    await first.clock.advance(50_000);
    const next = scene();
    await next.clock.advance(50_000);
    next.registered.load([...first.notes.values()]);
    assert.deepEqual(
      next.registered.all().map(({ id }) => id),
      [timed.id, lasting.id],
    );
    assert.equal(await next.metrics.total('manager_mobility_apps'), 2);
    await next.clock.advance(10_001);
    await first.clock.advance(10_001);
    for (const { registered } of [first, next])
      assert.deepEqual(
        registered.all().map(({ id }) => id),
        [lasting.id],
      );
    assert.deepEqual([...first.notes.keys()], [lasting.id]);
    assert.throws(() => next.registered.get(timed.id), { code: 'NOT_FOUND' });
    await assert.rejects(next.registered.replace(timed.id, app()), { code: 'NOT_FOUND' });
  });

  it('are there once they are written down, and are so many and no more', async () => {
    const { registered, store, notes } = scene();
    store.away = true;
    await assert.rejects(registered.add(app()), { code: 'STORE_AWAY' });
    assert.deepEqual(registered.all(), []);
    store.away = false;
    for (let n = 0; n < 1_000; n++) await registered.add(app());
    await assert.rejects(registered.add(app()), { code: 'READERS_FULL' });
    assert.equal(notes.size, 1_000);
  });

  it('name an instance or a platform, and levels and states that there are', () => {
    for (const wrong of [
      { serviceConsumerId: {} },
      { serviceConsumerId: { appInstanceId: 'a', mepId: 'b' } },
      { deviceInformation: [{ associateId: DEVICE, appMobilityServiceLevel: 'PERHAPS' }] },
      { deviceInformation: [{ associateId: DEVICE, contextTransferState: 'LOST' }] },
      { expiryTime: -1 },
    ])
      assert.equal(mobilityRegistration.safeParse({ ...app(), ...wrong }).success, false, JSON.stringify(wrong));
  });
});

describe('what a platform is told of its devices', () => {
  it('is whether the state of the twin has gone with them, some time after, for all that moved meanwhile', async () => {
    const clock = fakeClock();
    let changes = 0;
    const vehicles = {
      'ipv4:10.45.0.7': 'car-1',
      'gpsi:msisdn-1': 'car-1',
      'ipv4:10.45.0.8': 'car-2',
      'gpsi:x': 'car-3',
    };
    const transfers = new Transfers({
      names: namesOf({ vehicles }, []),
      ...{ timers: clock, onChange: () => changes++ },
    });
    const states = (): unknown[] =>
      transfers
        .devices()
        .map(({ associateId, contextTransferState = 'none' }) => [associateId.value, contextTransferState]);
    assert.deepEqual(states(), [
      ['10.45.0.7', 'none'],
      ['10.45.0.8', 'none'],
    ]);
    transfers.onRecord(RECORD);
    transfers.onRecord(DONE);
    transfers.onRecord({ ...RECORD, vehicle: 'car-2' });
    transfers.onRecord({ ...DONE, vehicle: 'car-9' });
    await clock.advance(1_000);
    assert.deepEqual(states(), [
      ['10.45.0.7', 'USER_CONTEXT_TRANSFER_COMPLETED'],
      ['10.45.0.8', 'NOT_TRANSFERRED'],
    ]);
    assert.equal(changes, 1);
    transfers.onRecord({ ...RECORD, vehicle: 'car-2', result: 'failed' });
    await clock.advance(1_000);
    assert.equal(changes, 1, 'nothing is new');
    transfers.onRecord(RECORD);
    transfers[Symbol.dispose]();
    await clock.advance(1_000);
    assert.deepEqual([changes, clock.pending], [1, 0]);
  });
});

describe('mail to others', () => {
  it('keeps its order for each, is tried three times, and then given up', async () => {
    const { clock, mail, sent, answers, metrics } = scene();
    answers.push(false, false, true, false, false, false);
    for (const n of [1, 2, 3]) mail.send('a', 'http://a/', { n });
    await clock.advance(60_000);
    assert.deepEqual(sent, [{ n: 1 }, { n: 3 }]);
    assert.match(await metrics.text(), /manager_mobility_notifications_total{result="failed"} 1/);
    assert.equal(clock.pending, 0);
  });

  it('of one who is away keeps nobody else waiting, and is bounded', async () => {
    const { clock, mail, sent, answers, metrics } = scene();
    answers.push(false);
    for (let n = 0; n < 300; n++) mail.send('a', 'http://a/', { n });
    mail.send('b', 'http://b/', { n: 'b' });
    await clock.advance(0);
    assert.deepEqual(sent, [{ n: 'b' }]);
    await clock.advance(60_000);
    assert.match(await metrics.text(), /manager_mobility_notifications_total{result="dropped"} 43/);
  });
});

it('domains border on one another where a device may come from one into the other', () => {
  const topology = parseTopology({
    domains: ['edge-1', 'edge-2', 'edge-3'],
    switches: [1, 2, 3].map(n => ({
      datapath: n,
      ports: [{ port: 1, role: 'access', domain: `edge-${n}`, accessPoint: `ap-${n}` }],
    })),
    accessPoints: [1, 2, 3].map(n => ({
      ...{ id: `ap-${n}`, domain: `edge-${n}`, latitude: 38, longitude: -1, rangeM: 10 },
      neighbours: n === 2 ? ['ap-1', 'ap-3'] : ['ap-2'],
    })),
  });
  const found = borders(topology);
  assert.deepEqual(
    ['edge-1', 'edge-2', 'edge-3'].map(domain => [...(found.get(domain) ?? [])].sort()),
    [['edge-2'], ['edge-1', 'edge-3'], ['edge-2']],
  );
});
