import assert from 'node:assert/strict';
import type { LiveCell } from '../../../../store/types.js';
import { LiveWriter } from '../../../../vmd/ingest/live-writer.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { memoryTwinStore } from '../../../fakes/memory-twin-store.js';

const cell = (seq: number, value: number): LiveCell => ({
  signal: 'spd',
  boot: 1,
  seq,
  value,
  timeMs: 0,
  receivedAtMs: 0,
});

function scene() {
  const clock = fakeClock();
  const store = memoryTwinStore();
  const errors: unknown[] = [];
  const writer = new LiveWriter({ store, clock, timers: clock, onFailed: error => errors.push(error) });
  return { clock, store, writer, errors };
}

describe('vmd live writer', () => {
  it('writes a vehicle at most once per second, with the newest cell of each signal', async () => {
    const { clock, store, writer } = scene();
    for (let seq = 1; seq <= 100; seq++) {
      writer.add('car-1', [cell(seq, seq)]);
      await clock.advance(50);
    }
    await clock.advance(1_100);
    assert.ok(store.liveWrites.length >= 5 && store.liveWrites.length <= 6, String(store.liveWrites.length));
    assert.deepEqual(
      (await store.live('car-1')).map(({ value }) => value),
      [100],
    );
    await writer[Symbol.asyncDispose]();
  });

  it('does not let late cells pass newer ones', async () => {
    const { store, writer } = scene();
    writer.add('car-1', [cell(9, 9)]);
    writer.add('car-1', [cell(8, 8)]);
    await writer[Symbol.asyncDispose]();
    assert.deepEqual(
      (await store.live('car-1')).map(({ value }) => value),
      [9],
    );
  });

  it('serves every one of more vehicles than it writes at a tick', async () => {
    const { clock, store, writer } = scene();
    for (let car = 0; car < 2_000; car++) writer.add(`car-${car}`, [cell(1, 1)]);
    await clock.advance(1_000);
    assert.equal(new Set(store.liveWrites).size, 2_000);
    assert.equal(store.liveWrites.length, 2_000);
    await writer[Symbol.asyncDispose]();
  });

  it('tells of a write that failed, and forgets a vehicle that went silent', async () => {
    const { clock, store, writer, errors } = scene();
    store.putLive = () => Promise.reject(new Error('full'));
    writer.add('car-1', [cell(1, 1)]);
    await clock.advance(2_500);
    assert.equal(errors.length, 1);
    await writer[Symbol.asyncDispose]();
    assert.equal(clock.pending, 0);
  });
});
