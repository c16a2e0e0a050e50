import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { encodeTag } from '../../../protocol/addresses.js';
import type { CoapResponse } from '../../../protocol/coap/types.js';
import { eventually } from '../../fakes/eventually.js';
import { openScene, type Car, type Scene } from './scene.js';

describe('a car that has gone mad', () => {
  let scene: Scene;
  afterEach(() => scene?.[Symbol.asyncDispose]());

  const open = async (settings: Record<string, number>): Promise<{ mad: Car; calm: Car }> => {
    scene = await openScene({ settings: { 'ingest.queueMax': 4, ...settings } });
    const [mad, calm] = [await scene.car(0), await scene.car(1)];
    for (const { vehicle, number } of [mad, calm]) await scene.command(vehicle, 'prepare', 1, { number });
    return { mad, calm };
  };
  /** As many reports as one may have under way, while the disk takes none; resolves with the first refusal. */
  const flood = (car: Car): { all: Promise<CoapResponse>[]; refused: Promise<CoapResponse> } => {
    const all = Array.from({ length: 16 }, (_, seq) => car.report(seq + 1));
    const refused = new Promise<CoapResponse>(resolve => {
      for (const answer of all) void answer.then(response => void (response.code === '2.04' ? 0 : resolve(response)));
    });
    return { all, refused };
  };

  it('takes the queue from the others where nothing is limited', async () => {
    const { mad, calm } = await open({});
    scene.store.hold();
    const { all, refused } = flood(mad);
    assert.equal((await refused).code, '5.03');
    assert.equal((await calm.report(1)).code, '5.03');
    scene.store.letGo();
    await Promise.all(all);
  });

  it('takes nothing from them where each has its share, and is told when to come again', async () => {
    // What ten seconds hold is one report of some fifty bytes, and another that overdraws.
    const { mad, calm } = await open({ 'limits.bytesPerS': 8 });
    scene.store.hold();
    const { all, refused } = flood(mad);
    const { code, maxAgeS = 0, payload } = await refused;
    assert.equal(code, '4.29');
    assert.ok(maxAgeS >= 1);
    assert.match(Buffer.from(payload ?? []).toString(), /^TWIN_LIMIT: /);
    const answer = calm.report(1);
    scene.store.letGo();
    assert.equal((await answer).code, '2.04');
    const codes = (await Promise.all(all)).map(response => response.code);
    assert.equal(codes.filter(one => one === '2.04').length, 2);
    assert.equal(codes.filter(one => one === '4.29').length, 14);
    assert.equal(scene.store.rows.length, 3);
    assert.equal(await scene.metrics.total('vmd_limited_total'), 14);
  });

  it('may send a heap of reports after a silence, and not for ever', async () => {
    const { mad, calm } = await open({ 'limits.reportsPerS': 1 });
    const codes: string[] = [];
    for (let seq = 1; seq <= 14; seq++) codes.push((await mad.report(seq)).code);
    // Ten seconds' worth, the one that overdraws, and what a second or two of the test give back.
    assert.deepEqual(new Set(codes.slice(0, 11)), new Set(['2.04']));
    assert.ok(codes.slice(11).includes('4.29'));
    assert.equal((await calm.report(1)).code, '2.04');
  });

  it('takes nothing from a vehicle that somebody elsewhere takes its name of', async () => {
    const { mad } = await open({ 'limits.reportsPerS': 1 });
    const stranger = await scene.car(0, { tag: encodeTag({ unconfirmed: true, datapath: 1, inPort: 7 }) });
    for (let seq = 1; seq <= 16; seq++) await stranger.report(seq);
    assert.equal((await mad.report(17)).code, '2.04');
  });

  it('is not even looked at where it sends many times more than that', async () => {
    const { mad, calm } = await open({ 'limits.reportsPerS': 1 });
    const socket = createSocket('udp4');
    const { address, port } = scene.host.ref;
    socket.bind({ address: mad.endpoint.local.address });
    await once(socket, 'listening');
    for (let n = 0; n < 200; n++) await new Promise(sent => socket.send(Buffer.of(0xff, n), port, address, sent));
    assert.equal((await calm.report(1)).code, '2.04');
    await eventually('datagrams are dropped', async () => (await dropped(scene)) > 100);
    socket.close();
  });

  it('has so many observers and no more, and is read all the same', async () => {
    const { mad } = await open({ 'limits.observers': 2 });
    await mad.report(1);
    const path = `v/${mad.vehicle}/s/Vehicle.OBD.Speed`;
    const observed: boolean[] = [];
    for (let n = 0; n < 3; n++) {
      const { code, observe } = await scene.get(path, { observe: 0 });
      assert.equal(code, '2.05');
      observed.push(observe !== undefined);
    }
    assert.deepEqual(observed, [true, true, false]);
  });
});

const dropped = async ({ metrics }: Scene): Promise<number> =>
  Number(/vmd_limited_total\{what="datagrams"\} (\d+)/.exec(await metrics.text())?.[1] ?? 0);
