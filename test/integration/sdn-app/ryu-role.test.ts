import assert from 'node:assert/strict';
import { fakeClock } from '../../fakes/fake-clock.js';
import { adding, flow, heard, is, ryuScene } from './ryu-scene.js';

describe('the role at Ryu', () => {
  const { fakeRyu, ryu } = ryuScene();

  it('asks for its role as often as it takes', async () => {
    const clock = fakeClock();
    const fake = await fakeRyu();
    const app = ryu(fake.url, { timers: clock, deadlineMs: 1_000 });
    const [events, others] = [heard(app.switchOf(1)), heard(app.switchOf(2))];
    await Promise.all([events.next(is('up')), others.next(is('up'))]);
    await app.switchOf(1).lead(4);
    await fake.nextId();
    fake.mute = 'lead';
    fake.restart(1);
    await events.next(is('down'));
    await fake.nextId();
    // the app is alive, so that the connection stays
    fake.setPort(2, 1, false);
    await others.next(is('portStatus'));
    assert.equal(app.switchOf(1).connected, false);
    fake.mute = undefined;
    await clock.advance(1_000);
    await events.next(is('up'));
    assert.equal(fake.opened, 1);
  });

  it('asks for its role again before it says up', async () => {
    const fake = await fakeRyu();
    const flowSwitch = ryu(fake.url).switchOf(1);
    const events = heard(flowSwitch);
    await events.next(is('up'));
    await flowSwitch.lead(4);
    fake.restart(1);
    await events.next(is('up'));
    const last = fake.requests.at(-1);
    assert.deepEqual([last?.op, last?.op === 'lead' ? last.term : 0], ['lead', 4]);
  });

  it('is fenced after a reconnect where a higher term leads by then, until it leads with a higher one itself', async () => {
    const fake = await fakeRyu();
    const [mine, other] = [ryu(fake.url).switchOf(1), ryu(fake.url).switchOf(1)];
    const events = heard(mine);
    await Promise.all([events.next(is('up')), heard(other).next(is('up'))]);
    await mine.lead(4);
    await other.lead(5);
    fake.cut();
    await events.next(is('down'));
    await events.next(is('up'));
    const before = fake.requests.length;
    await assert.rejects(mine.apply(adding(flow(1))), (error: Error & { code?: string }) => {
      assert.equal((error.cause as { code?: string }).code, 'IS_SLAVE');
      return error.code === 'SWITCH_REFUSED';
    });
    assert.ok(
      fake.requests.slice(before).every(({ op }) => op !== 'batch'),
      'the switch would take it for an equal',
    );
    await mine.lead(6);
    await mine.apply(adding(flow(1)));
  });
});
