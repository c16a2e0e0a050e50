import assert from 'node:assert/strict';
import { generate } from 'coap-packet';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { leaseAnswer, slotAnswer } from '../../../protocol/api/vmd.js';
import type { CoapHandler, CoapRequest } from '../../../protocol/coap/types.js';
import { encodeReport } from '../../../protocol/report.js';
import { eventually } from '../../fakes/eventually.js';
import { row as stored } from '../../fakes/store-rows.js';
import { answerOf, openScene, TAG, text, type Scene } from './scene.js';

const SPEED = 's/Vehicle.OBD.Speed';
const LEASE = { leaseMs: 60_000 };
describe('vmd host', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  it('stores any registered vehicle’s reports without a slot, and nobody else’s', async () => {
    const car = await scene.car(0);
    assert.equal((await car.report(1)).code, '4.03');
    await scene.store.putDevices([{ vehicle: car.vehicle, number: car.number, key: '', registeredAtMs: 0 }]);
    assert.equal((await car.report(1)).code, '2.04');
    assert.deepEqual(
      scene.store.rows.map(({ vehicle, boot, seq }) => [vehicle, boot, seq]),
      [[car.vehicle, 1, 1]],
    );
  });

  it('answers provisionally when prepared, without mark when it acts, and not while it drains', async () => {
    const car = await scene.car(0);
    const path = `v/${car.vehicle}/${SPEED}`;
    assert.match(text(await scene.get(path)), /^VEHICLE_UNKNOWN/);
    slotAnswer.parse(await scene.command(car.vehicle, 'prepare', 1, { number: car.number }));
    assert.equal((await scene.get(path)).code, '4.04');
    await car.report(1);
    const provisional = answerOf(await scene.get(path));
    assert.deepEqual(
      [provisional.value, provisional.provisional, provisional.complete, provisional.source],
      [1, true, false, 'twin-cache'],
    );
    await scene.command(car.vehicle, 'activate', 1, LEASE);
    const acting = answerOf(await scene.get(path));
    assert.deepEqual([acting.provisional, acting.stale, acting.complete], [false, false, true]);
    await scene.command(car.vehicle, 'drain', 2, { graceMs: 60_000 });
    const draining = await scene.get(path);
    assert.deepEqual([draining.code, draining.maxAgeS], ['5.03', 1]);
    assert.equal((await car.report(2)).code, '2.04');
    await scene.command(car.vehicle, 'release', 2);
    assert.equal((await scene.get(path)).code, '4.04');
  });

  it('answers 2.03 to whoever holds the value already, until it changes', async () => {
    const car = await scene.car(0);
    const path = `v/${car.vehicle}/${SPEED}`;
    await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
    await car.report(1);
    const { etag } = await scene.get(path);
    assert.ok(etag !== undefined);
    const again = await scene.get(path, { etags: [etag] });
    assert.deepEqual([again.code, again.payload?.length ?? 0, [...(again.etag ?? [])]], ['2.03', 0, [...etag]]);
    await car.report(2);
    assert.equal((await scene.get(path, { etags: [etag] })).code, '2.05');
  });

  it('marks reads stale once its lease has run out, and does not ask the car any more', async () => {
    let asked = 0;
    const handler: CoapHandler = () => {
      asked++;
      return { code: '4.04' };
    };
    const car = await scene.car(0, { handler });
    await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
    await scene.command(car.vehicle, 'activate', 1, { leaseMs: 1 });
    await car.report(1, [{ name: 'spd', value: 9, timeMs: Date.now() - 60_000 }]);
    let read = answerOf(await scene.get(`v/${car.vehicle}/${SPEED}`, { query: ['maxAge=1'] }));
    while (!read.stale) read = answerOf(await scene.get(`v/${car.vehicle}/${SPEED}`, { query: ['maxAge=1'] }));
    const before = asked;
    read = answerOf(await scene.get(`v/${car.vehicle}/${SPEED}`, { query: ['maxAge=1'] }));
    assert.deepEqual([read.stale, read.value, read.explain, asked - before], [true, 9, 'the lease has run out', 0]);
    const lease = { term: 1, leaseMs: 60_000, vehicles: [{ vehicle: car.vehicle, epoch: 1 }] };
    const renewed = await scene.control.call('POST', '/v1/leases', { body: lease, answer: leaseAnswer });
    assert.deepEqual(renewed, { refused: [] });
    assert.equal(answerOf(await scene.get(`v/${car.vehicle}/${SPEED}`)).stale, false);
  });

  it('asks the car at the last tag without the unconfirmed bit, with tokens of its epoch', async () => {
    const asked: { request: CoapRequest; token: number[]; port: number }[] = [];
    const handler: CoapHandler = (request, { token, peer }) => {
      asked.push({ request, token: [...token], port: peer.port });
      return {
        code: '2.05',
        contentFormat: 50,
        payload: Buffer.from(JSON.stringify({ value: 77, timeMs: Date.now() })),
      };
    };
    const car = await scene.car(0, { handler });
    const stranger: CoapHandler = () => ({ code: '2.05', payload: Buffer.from('{"value":5,"timeMs":0}') });
    const unconfirmed = await scene.car(0, { tag: (TAG + 1) | 0x8000, handler: stranger });
    const claimed = await scene.car(0, { tag: TAG + 1, handler: stranger });
    await scene.command(car.vehicle, 'prepare', 258, { number: car.number });
    await scene.command(car.vehicle, 'activate', 258, LEASE);
    await car.report(1, [{ name: 'spd', value: 8, timeMs: Date.now() - 60_000 }]);
    await unconfirmed.report(2, [{ name: 'spd', value: 9, timeMs: Date.now() - 60_000 }]);
    assert.equal(answerOf(await scene.get(`v/${car.vehicle}/${SPEED}`)).value, 9);
    const measured = answerOf(await scene.get(`v/${car.vehicle}/${SPEED}`, { query: ['maxAge=5'] }));
    assert.deepEqual([measured.value, measured.source, measured.seq], [77, 'measured', undefined]);
    assert.deepEqual(asked[0]?.request.path, ['s', 'Vehicle.OBD.Speed']);
    assert.deepEqual([asked[0]?.token.slice(0, 4), asked[0]?.port], [[0, 0, 1, 2], 5_683]);
    assert.equal(scene.store.rows.length, 2);
    await claimed.report(3, [{ name: 'spd', value: 9, timeMs: Date.now() - 60_000 }]);
    const there = answerOf(await scene.get(`v/${car.vehicle}/${SPEED}`, { query: ['maxAge=5'] }));
    assert.deepEqual([there.value, asked.length], [5, 1]);
  });

  it('says what it has, and why no more, when the car does not answer', async () => {
    const handler: CoapHandler = () => new Promise(() => undefined);
    const car = await scene.car(0, { handler });
    await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
    await scene.command(car.vehicle, 'activate', 1, LEASE);
    await car.report(1, [{ name: 'spd', value: 9, timeMs: Date.now() - 60_000 }]);
    const read = answerOf(await scene.get(`v/${car.vehicle}/${SPEED}`, { query: ['maxAge=5', 'timeout=50'] }));
    assert.deepEqual([read.value, read.source], [9, 'twin-cache']);
    assert.match(read.explain ?? '', /^COAP_TIMEOUT/);
    const nothing = await scene.get(`v/${car.vehicle}/s/Vehicle.OBD.EngineSpeed`, {
      query: ['maxAge=5', 'timeout=50'],
    });
    assert.equal(nothing.code, '5.04');
  });

  it('answers from what it has while the store is away, and is complete once the store has what was promised', async () => {
    const car = await scene.car(0);
    const path = `v/${car.vehicle}/${SPEED}`;
    scene.store.failReads(new Error('no node of the local datacentre is up'));
    const { cells, ranges } = {
      cells: [{ signal: 'spd', boot: 1, seq: 3, value: 33, timeMs: Date.now(), receivedAtMs: Date.now() }],
      ranges: [{ boot: 1, ranges: [[1, 3]] }],
    };
    const digest = { schema: 1, vehicle: car.vehicle, cells, ranges, nextMessageId: 1, nextObserve: 1 };
    await scene.command(car.vehicle, 'prepare', 1, { number: car.number, digest });
    await scene.command(car.vehicle, 'activate', 1, LEASE);
    const away = answerOf(await scene.get(path));
    assert.deepEqual([away.value, away.source, away.complete], [33, 'twin-cache', false]);
    await eventually(
      'the store was asked again',
      async () => (await scene.metrics.total('vmd_store_unread_total')) >= 4,
    );
    // Replication brings the others; these two come here.
    scene.store.failReads(undefined);
    const here = answerOf(await scene.get(path));
    assert.equal(here.complete, false);
    for (const seq of [1, 2, 3]) scene.store.rows.push(stored(car.vehicle, seq));
    await eventually('the twin is complete', async () => answerOf(await scene.get(path)).complete);
  });

  it('takes a report that comes again by another port as the same one', async () => {
    const car = await scene.car(0);
    await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
    const { endpoint } = car;
    const socket = createSocket('udp4');
    socket.bind(0, endpoint.local.address);
    await once(socket, 'listening');
    const elsewhere = createSocket('udp4');
    elsewhere.bind(0, endpoint.local.address);
    await once(elsewhere, 'listening');
    const bytes = generate({
      code: '0.02',
      confirmable: true,
      messageId: 4_660,
      token: Buffer.from('deadbeef', 'hex'),
      options: [
        { name: 'Uri-Path', value: Buffer.from('r') },
        { name: 'Content-Format', value: Buffer.from([112]) },
        { name: 'Uri-Query', value: Buffer.from('v=1') },
      ],
      payload: Buffer.from(encodeReport({ vehicle: car.vehicle, boot: 1, seq: 1, timeMs: Date.now(), samples: [] })),
    });
    const { port, address } = scene.host.coap.local;
    for (const from of [socket, elsewhere]) {
      const answered = once(from, 'message');
      from.send(bytes, port, address);
      const [answer] = (await answered) as [Buffer];
      assert.deepEqual([answer[1], answer.readUInt16BE(2)], [0x44, 4_660]);
    }
    assert.equal(scene.store.rows.length, 1);
    socket.close();
    elsewhere.close();
  });

  it('lists the signals of its vehicles, and of one alone where that is asked for', async () => {
    const [one, two] = [await scene.car(0), await scene.car(1)];
    for (const car of [one, two]) {
      await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
      await car.report(1);
    }
    const all = text(await scene.get('.well-known/core'));
    assert.match(all, /<\/r>;rt="edgetwin.report"/);
    assert.equal(all.split('vss.signal').length - 1, 2);
    const some = await scene.get('.well-known/core', { query: [`href=/v/${two.vehicle}/*`] });
    assert.deepEqual(
      [some.contentFormat, text(some)],
      [40, `</v/${two.vehicle}/s/Vehicle.OBD.Speed>;rt="vss.signal";if="sensor";ct=50;obs`],
    );
  });
});
