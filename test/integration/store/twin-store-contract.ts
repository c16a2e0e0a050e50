import assert from 'node:assert/strict';
import type { DeviceRow, TwinStore } from '../../../store/types.js';
import { START_MS, cell, collect, device, row } from '../../fakes/store-rows.js';
import type { OpenedStore } from './opened-store.js';

export interface OpenedTwinStore extends OpenedStore<TwinStore> {
  /** Vehicles as their registration leaves them in this domain. */
  register(rows: readonly DeviceRow[]): Promise<void>;
}

/** What every TwinStore does, whatever lies behind it. */
export function twinStoreContract(name: string, open: () => Promise<OpenedTwinStore>): void {
  describe(`${name} as a TwinStore`, () => {
    let opened: OpenedTwinStore;
    let store: TwinStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened[Symbol.asyncDispose]());

    it('gives back the rows of a vehicle in the order of their time', async () => {
      const rows = [row('car-1', 3), row('car-1', 1), row('car-1', 2)];
      await store.append(rows);
      assert.deepEqual(await collect(store.history('car-1')), [rows[1], rows[2], rows[0]]);
    });

    it('keeps vehicles whose names begin alike apart', async () => {
      const rows = [row('car', 1), row('car-1', 1), row('car1', 1), row('car-', 1)];
      await store.append(rows);
      for (const one of rows) assert.deepEqual(await collect(store.history(one.vehicle)), [one]);
      assert.equal((await collect(store.scan())).length, 4);
    });

    it('selects by time, from the first moment up to but not with the last', async () => {
      await store.append([1, 2, 3, 4, 5].map(seq => row('car-1', seq)));
      const fromMs = START_MS + 2 * 500;
      const toMs = START_MS + 4 * 500;
      const seqs = async (range: Parameters<TwinStore['history']>[1]): Promise<number[]> =>
        (await collect(store.history('car-1', range))).map(one => one.seq);
      assert.deepEqual(await seqs({ fromMs, toMs }), [2, 3]);
      assert.deepEqual(await seqs({ fromMs, toMs, reverse: true }), [3, 2]);
      assert.deepEqual(await seqs({ fromMs, reverse: true }), [5, 4, 3, 2]);
      assert.deepEqual(await seqs({ toMs }), [1, 2, 3]);
      assert.deepEqual(await seqs({ limit: 2 }), [1, 2]);
      assert.deepEqual(await seqs({ limit: 2, reverse: true }), [5, 4]);
      assert.deepEqual(await seqs({ limit: 0 }), []);
      assert.deepEqual(await seqs({ fromMs: toMs, toMs: fromMs }), []);
    });

    it('reads long histories, in both directions and in part', async () => {
      const rows = Array.from({ length: 1_300 }, (_, i) => row('car-1', i + 1));
      // A few at once, as they come: a store may say that it is busy.
      for (let from = 0; from < rows.length; from += 100) await store.append(rows.slice(from, from + 100));
      await store.append([row('car-0', 1), row('car-2', 1)]);
      assert.deepEqual(await collect(store.history('car-1')), rows);
      assert.deepEqual(await collect(store.history('car-1', { reverse: true })), rows.toReversed());
      assert.deepEqual(await collect(store.history('car-1', { limit: 700 })), rows.slice(0, 700));
      assert.equal((await collect(store.scan())).length, 1_302);
    });

    it('takes implausible times as data', async () => {
      const rows = [row('car-1', 1, { timeMs: 2 ** 28 * 1000 }), row('car-1', 2, { timeMs: 8.64e15 })];
      await store.append(rows);
      assert.deepEqual(await collect(store.history('car-1')), rows);
    });

    it('changes nothing when a row is written again', async () => {
      const first = row('car-1', 1);
      await store.append([first, row('car-1', 2)]);
      await store.append([{ ...first, receivedAtMs: first.receivedAtMs + 1_000 }]);
      const found = await collect(store.history('car-1'));
      assert.deepEqual(
        found.map(({ seq, bytes }) => ({ seq, bytes })),
        [
          { seq: 1, bytes: first.bytes },
          { seq: 2, bytes: row('car-1', 2).bytes },
        ],
      );
    });

    it('keeps two rows of one report that stand under different times, for the audit to find', async () => {
      await store.append([row('car-1', 1), row('car-1', 1, { timeMs: START_MS + 9_000 })]);
      assert.equal((await collect(store.history('car-1'))).length, 2);
    });

    it('refuses what it cannot keep to that caller alone, and goes on', async () => {
      const other = store.append([row('car-1', 2)]);
      await assert.rejects(store.append([row('car-1', 1, { schema: 99 })]), { code: 'STORE_SCHEMA' });
      await assert.rejects(store.putLive('car-1', [cell('spd', 2 ** 40, 1)]), { code: 'STORE_FAILED' });
      await other;
      assert.equal((await collect(store.history('car-1'))).length, 1);
    });

    it('has every row that was appended at once by many callers', async () => {
      await Promise.all(Array.from({ length: 500 }, (_, i) => store.append([row(`car-${i % 7}`, i + 1)])));
      assert.equal((await collect(store.scan())).length, 500);
    });

    it('shows rows and cells to other handles, and after it was closed and opened', async () => {
      const other = await opened.another();
      await store.append([row('car-1', 1)]);
      await store.putLive('car-1', [cell('spd', 1, 1)]);
      await other.append([row('car-1', 2)]);
      assert.equal((await collect(other.history('car-1'))).length, 2);
      assert.equal((await collect(store.history('car-1'))).length, 2);
      assert.deepEqual(await other.live('car-1'), [cell('spd', 1, 1)]);
      const again = await opened.reopen();
      assert.equal((await collect(again.history('car-1'))).length, 2);
    });

    it('keeps the cell with the highest boot, then seq, whatever the order and the time', async () => {
      const newest = cell('spd', 2, 1, { value: 50, timeMs: START_MS - 60_000, suspect: true });
      for (const one of [cell('spd', 1, 9), newest, cell('spd', 1, 10)]) await store.putLive('car-1', [one]);
      await store.putLive('car-1', [cell('rpm', 1, 3), cell('rpm', 1, 4, { value: true })]);
      assert.deepEqual(await store.live('car-1'), [cell('rpm', 1, 4, { value: true }), newest]);
    });

    it('merges cells that come at once', async () => {
      const cells = Array.from({ length: 100 }, (_, i) => cell('spd', 1 + (i % 3), i, { value: `v${i}` }));
      await Promise.all(cells.map(one => store.putLive('car-1', [one])));
      assert.deepEqual(await store.live('car-1'), [cell('spd', 3, 98, { value: 'v98' })]);
    });

    it('lists the vehicles that have live cells', async () => {
      assert.deepEqual(await store.liveVehicles(), []);
      await store.putLive('car-2', [cell('spd', 1, 1), cell('rpm', 1, 1)]);
      await store.putLive('car-10', [cell('spd', 1, 1)]);
      await store.putLive('car-1', [cell('spd', 1, 1)]);
      await store.putLive('car-3', []);
      assert.deepEqual((await store.liveVehicles()).sort(), ['car-1', 'car-10', 'car-2']);
    });

    it('finds a device by its name and by its number', async () => {
      await opened.register([device('car-1', 1_025), device('car-2', 1_026)]);
      await opened.register([device('car-1', 1_025)]);
      assert.deepEqual(await store.device('car-1'), device('car-1', 1_025));
      assert.deepEqual(await store.deviceByNumber(1_026), device('car-2', 1_026));
      assert.equal(await store.device('car-3'), undefined);
      assert.equal(await store.deviceByNumber(7), undefined);
    });
  });
}
