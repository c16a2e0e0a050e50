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

  it('has few writes in progress, and makes one of what comes meanwhile', async () => {
    const { clock, store, writer } = scene();
    const held: (() => void)[] = [];
    let cellsWritten = 0;
    store.putLive = (_vehicle, cells) => {
      cellsWritten += cells.length;
      return new Promise(resolve => held.push(resolve));
    };
    for (let seq = 1; seq <= 5; seq++) {
      for (let car = 0; car < 200; car++) writer.add(`car-${car}`, [cell(seq, seq)]);
      await clock.advance(1_000);
    }
    assert.equal(held.length, 32);
    // As soon as one is done the next begins: each of the others once, whatever came for it.
    for (let done = 0; done < 200; done++) {
      held[done]?.();
      await new Promise(resolve => setImmediate(resolve));
    }
    assert.deepEqual([held.length, cellsWritten], [232, 232]);
    const closing = writer[Symbol.asyncDispose]();
    for (const release of held) release();
    await closing;
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
