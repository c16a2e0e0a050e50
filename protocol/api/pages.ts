import { z } from 'zod';
import { MAX_NUMBER } from '../addresses.js';

/**
 * Lists of vehicles in pages, in the order of their numbers: `?after=NUMBER&limit=N` gives those above a number, at most so
 * many, and the answer's `next` is the `after` of the page behind it; the last page has none. Without these words all come
 * at once: a large fleet is then more than a caller waits for. Vehicles that come or go meanwhile are on a page or not; no
 * other one is left out, and none comes twice.
 */
export const afterNumber = z.coerce.number().int().min(-1).max(MAX_NUMBER);
export const pageQuery = z.strictObject({
  after: afterNumber.default(-1),
  limit: z.coerce.number().int().min(1).max(10_000).optional(),
});
export type PageQuery = z.infer<typeof pageQuery>;

/** As an answer has it. */
export const nextPage = z.int().min(0).max(MAX_NUMBER).optional();

/** About a megabyte of JSON. */
const ROWS = 2_000;

/** One page after the other, each asked for when it is wanted. `ask` gets the query, with its question mark. */
export async function* pages<P extends { readonly next?: number | undefined }>(
  ask: (query: string) => Promise<P>,
  limit = ROWS,
): AsyncGenerator<P, void> {
  let after: number | undefined = -1;
  while (after !== undefined) {
    const page: P = await ask(`?after=${after}&limit=${limit}`);
    yield page;
    // a service that knows no pages has given all
    after = page.next;
  }
}

/** The page of a list that may be in any order. */
export function pageOf<T extends { readonly number: number }>(
  all: Iterable<T>,
  { after, limit }: PageQuery,
): { readonly rows: readonly T[]; readonly next?: number } {
  const rows = [...all].filter(({ number }) => number > after);
  if (limit === undefined || rows.length <= limit) return { rows };
  // numbers alone are sorted ten times as fast as what has them
  const last = Uint32Array.from(rows, ({ number }) => number).sort()[limit - 1] ?? 0;
  return { rows: rows.filter(({ number }) => number <= last).sort((a, b) => a.number - b.number), next: last };
}
