import assert from 'node:assert/strict';
import { EVERYTHING, adding, flow, heard, is, ryuScene } from './ryu-scene.js';

describe('requests to Ryu', () => {
  const { fakeRyu, ryu } = ryuScene();

  it('refuses a batch that is longer than Ryu takes, and sends nothing of it', async () => {
    const fake = await fakeRyu();
    const flowSwitch = ryu(fake.url).switchOf(1);
    await heard(flowSwitch).next(is('up'));
    const huge = {
      meters: [],
      flows: Array.from({ length: 500_000 }, () => ({ op: 'deleteSlice', cookie: 1, mask: 3 }) as const),
    };
    await assert.rejects(flowSwitch.apply(huge), { code: 'SWITCH_REFUSED' });
    assert.deepEqual(fake.requests, []);
  });

  it('has no more than so many requests open', async () => {
    const fake = await fakeRyu();
    const flowSwitch = ryu(fake.url).switchOf(1);
    await heard(flowSwitch).next(is('up'));
    fake.hung = true;
    const asked = Array.from({ length: 4_097 }, () => flowSwitch.readFlows(EVERYTHING));
    await assert.rejects(asked.at(-1)!, /too many/);
    fake.cut();
    await Promise.allSettled(asked);
  });

  it('has few of them under way at once: the others leave in their order as answers come, and none runs out of time before', async () => {
    const fake = await fakeRyu();
    const flowSwitch = ryu(fake.url, { deadlineMs: 300 }).switchOf(1);
    const events = heard(flowSwitch);
    await events.next(is('up'));
    fake.hung = true;
    const asked = Array.from({ length: 40 }, (_, n) => flowSwitch.apply(adding(flow(n + 1))));
    const first = assert.rejects(asked[0]!, { code: /DEADLINE|SWITCH_AWAY/ });
    await first;
    await Promise.allSettled(asked);
    const batches = fake.requests.filter(({ op }) => op === 'batch').length;
    // One more took the place of the first that ran out of time, before the connection was given up.
    assert.ok(batches <= 33, `${batches} left while none was answered`);
    fake.hung = false;
    await events.next(is('down'));
    await events.next(is('up'));
    const done: number[] = [];
    const cookies = Array.from({ length: 100 }, (_, n) => n + 1);
    await Promise.all(
      cookies.map(async cookie => {
        await flowSwitch.apply(adding(flow(cookie, cookie)));
        done.push(cookie);
      }),
    );
    assert.deepEqual(done, cookies);
  });
});
