import type { TwinStore } from '../../store/types.js';

/** Newest history rows that are looked at: boots rise with time, but a clock may have been wrong for a while. */
const NEWEST_ROWS = 64;

/** The highest boot that any of the stores holds of a vehicle; 0 where none has heard of it. */
export async function highestBoot(vehicle: string, stores: readonly TwinStore[]): Promise<number> {
  const boots = await Promise.all(
    stores.map(async store => {
      let highest = 0;
      for (const cell of await store.live(vehicle)) highest = Math.max(highest, cell.boot);
      for await (const row of store.history(vehicle, { reverse: true, limit: NEWEST_ROWS }))
        highest = Math.max(highest, row.boot);
      return highest;
    }),
  );
  return Math.max(0, ...boots);
}
