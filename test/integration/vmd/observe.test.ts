import assert from 'node:assert/strict';
import { signalAnswer } from '../../../protocol/api/vmd.js';
import type { CoapResponse } from '../../../protocol/coap/types.js';
import { SIGNALS, isPlausible } from '../../../protocol/signals.js';
import { endpointAt, openScene, type Scene } from './scene.js';

const value = ({ payload }: CoapResponse): unknown =>
  signalAnswer.parse(JSON.parse(Buffer.from(payload ?? []).toString())).value;

describe('observers of a twin', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  it('are told each newer value of the signal, of no other, and the end of the twin at this host', async () => {
    const car = await scene.car(0);
    await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
    await scene.command(car.vehicle, 'activate', 1, { leaseMs: 6_000 });
    await car.report(1);
    await using service = await endpointAt(scene.elsewhere);
    const states = service.observe(
      { address: scene.host.ref.address, port: scene.host.ref.port },
      { method: 'GET', path: ['v', car.vehicle, 's', 'Vehicle.OBD.Speed'] },
    );
    const next = async (): Promise<CoapResponse> => {
      const { value: state } = await states.next();
      assert.ok(state);
      return state;
    };
    const first = await next();
    assert.deepEqual([value(first), typeof first.observe], [1, 'number']);
    await car.report(2, [{ name: 'rpm', value: 800, timeMs: Date.now() }]);
    await car.report(3);
    const second = await next();
    assert.equal(value(second), 3);
    assert.equal(second.observe, (first.observe ?? 0) + 1, 'numbers are those of the twin');
    await scene.command(car.vehicle, 'drain', 2, { graceMs: 60_000 });
    const last = await next();
    assert.deepEqual([last.code, last.observe], ['5.03', undefined]);
    assert.equal((await states.next()).done, true);
    assert.equal(scene.host.coap.isObserved, false);
  });

  it('are forgotten when they leave', async () => {
    const car = await scene.car(0);
    await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
    await car.report(1);
    await using service = await endpointAt(scene.elsewhere);
    const peer = { address: scene.host.ref.address, port: scene.host.ref.port };
    const request = { method: 'GET', path: ['v', car.vehicle, 's', 'Vehicle.OBD.Speed'] } as const;
    for await (const state of service.observe(peer, request)) {
      assert.equal(value(state), 1);
      assert.equal(scene.host.coap.isObserved, true);
      break;
    }
    // The same socket asks behind what ended the observation.
    await service.request(peer, request);
    assert.equal(scene.host.coap.isObserved, false);
  });

  it('find every signal of every vehicle by discovery, however long the list is', async () => {
    const names = SIGNALS.filter(row => isPlausible(row, 1)).slice(0, 30);
    for (const index of [0, 1]) {
      const car = await scene.car(index);
      await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
      for (const [i, { wire }] of names.entries())
        assert.equal((await car.report(i + 1, [{ name: wire, value: 1, timeMs: Date.now() }])).code, '2.04');
    }
    const found = await scene.get('.well-known/core', { query: ['rt=vss.signal'] });
    const list = Buffer.from(found.payload ?? []).toString();
    assert.ok(list.length > 1_024);
    assert.equal(list.split(',').length, 2 * names.length);
    assert.ok(list.split(',').every(link => /^<\/v\/car-\d+\/s\/Vehicle\.[\w.]+>;.*;obs$/.test(link)));
  });
});
