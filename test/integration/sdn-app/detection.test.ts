import assert from 'node:assert/strict';
import { confirm, hint } from '../../../sdn-app/commands.js';
import { decodeCookie } from '../../../sdn-app/redirect/cookie.js';
import { checkSwitches } from '../../../sdn-app/rest/check.js';
import { SdnWorld, edge1, type App } from '../../fakes/sdn-world.js';

const DWELL_MS = 2_000;

describe('what sdn-app takes for a move', () => {
  let world: SdnWorld;
  let app: App;

  const begin = async (rules: ConstructorParameters<typeof SdnWorld>[1] = {}): Promise<void> => {
    world = new SdnWorld(undefined, rules);
    app = await world.openActive();
    await world.install(app, 'car-1', 1, edge1);
  };

  afterEach(() => app.stop());

  const paths = (): number[] =>
    [...(world.states.get(1)?.flows.values() ?? [])]
      .filter(({ cookie }) => decodeCookie(cookie)?.kind === 'path')
      .map(({ match }) => match.inPort ?? 0)
      .sort();
  /** Frames of the car counted by its path at a port, as if they had come in there. */
  const heard = (port: number): void => {
    const flows = world.states.get(1)?.flows;
    for (const [key, flow] of flows ?? [])
      if (decodeCookie(flow.cookie)?.kind === 'path' && flow.match.inPort === port)
        flows?.set(key, { ...flow, packets: flow.packets + 1 });
  };
  const state = (): string => app.service.active.vehicles.named('car-1').state.at;

  it('not a sixth change between two ports: both are its homes until the counter of one is silent', async () => {
    await begin();
    for (let i = 0; i < 8; i++) {
      await world.frame(app, 1, { port: 1 + (i % 2) });
      await world.clock.advance(100);
    }
    assert.deepEqual([state(), paths()], ['dual-homed', [1, 2]]);
    const told = world.manager.reports.all.length;
    for (let i = 0; i < 8; i++) {
      heard(1);
      heard(2);
      await world.clock.advance(DWELL_MS / 2);
    }
    assert.deepEqual([state(), world.manager.reports.all.length], ['dual-homed', told]);
    for (let i = 0; i < 8; i++) {
      heard(2);
      await world.clock.advance(DWELL_MS / 2);
    }
    assert.deepEqual([state(), paths()], ['attached', [2]]);
    const { missing, foreign } = await checkSwitches(app.service);
    assert.deepEqual([missing, foreign], [0, 0]);
  });

  it('the next frame elsewhere after its port went down, by the name of that row', async () => {
    await begin();
    await world.frame(app, 1, { port: 1 });
    app.switches[0]?.tell({ type: 'portStatus', datapath: 1, port: 1, up: false });
    await world.frame(app, 1, { port: 2 });
    assert.equal(world.manager.reports.all.at(-1)?.detector, 'port-down');
  });

  it('another source, only after a verified message from there where proof is asked for', async () => {
    await begin({ trust: 'proof' });
    await world.frame(app, 1, { port: 1, tag: 'unconfirmed' });
    assert.deepEqual([state(), paths()], ['waiting', []]);
    const confirmed = (port: number): unknown =>
      confirm(app.service.active, 'car-1', { datapath: 1, port, boot: 1, seq: 1 }).result;
    assert.equal(confirmed(2), 'nothing-to-confirm');
    assert.equal(confirmed(1), 'confirmed');
    await world.clock.advance(10);
    assert.deepEqual([state(), paths()], ['attached', [1]]);
    await world.frame(app, 1, { port: 2, source: '127.0.9.9', tag: 'unconfirmed' });
    await world.clock.advance(20_000);
    assert.deepEqual([state(), paths(), world.manager.reports.all.length], ['attached', [1], 1]);
    assert.throws(() => confirmed(11), { code: 'REQUEST_INVALID' });
    assert.throws(() => confirm(app.service.active, 'car-9', { datapath: 1, port: 1, boot: 1, seq: 1 }), {
      code: 'VEHICLE_UNKNOWN',
    });
  });

  it('what is told from outside, as far as it is trusted', async () => {
    await begin();
    const source = { address: '127.0.9.9', port: 5683 };
    hint(app.service.active, 'car-1', { datapath: 1, port: 1, source });
    await world.clock.advance(10);
    assert.deepEqual([state(), paths()], ['attached', [1]]);
    hint(app.service.active, 'car-1', { datapath: 1, port: 2, source, mac: '02:00:00:00:00:07' });
    await world.clock.advance(10);
    assert.deepEqual([paths(), world.manager.reports.all.at(-1)?.to.source], [[2], source]);
    assert.throws(() => hint(app.service.active, 'car-1', { datapath: 1, port: 11, source }), {
      code: 'REQUEST_INVALID',
    });
    assert.throws(() => hint(app.service.active, 'car-9', { datapath: 1, port: 1, source }), {
      code: 'VEHICLE_UNKNOWN',
    });
  });

  it('nothing from outside where proof is asked for', async () => {
    await begin({ trust: 'proof' });
    hint(app.service.active, 'car-1', { datapath: 1, port: 1, source: { address: '127.0.9.9', port: 5683 } });
    await world.clock.advance(10);
    assert.deepEqual([state(), paths()], ['waiting', []]);
  });

  it('nothing that comes in by a port that is no access port', async () => {
    await begin();
    await world.frame(app, 1, { port: 11 });
    await world.frame(app, 1, { port: 99 });
    assert.equal(state(), 'waiting');
  });
});
