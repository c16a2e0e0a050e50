import assert from 'node:assert/strict';
import fc from 'fast-check';
import { pageOf, pageQuery, pages } from '../../../../protocol/api/pages.js';

const numbered = (numbers: readonly number[]): { number: number }[] => numbers.map(number => ({ number }));

describe('pages of vehicles', () => {
  it('have each vehicle once, in the order of numbers, and end', async () => {
    const unordered = fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 20 - 1 }), { maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(unordered, fc.integer({ min: 1, max: 12 }), async (numbers, limit) => {
        const got: number[] = [];
        const ask = (query: string): Promise<{ rows: readonly { number: number }[]; next?: number }> => {
          const asked = pageQuery.parse(Object.fromEntries(new URLSearchParams(query.slice(1))));
          const page = pageOf(numbered(numbers), asked);
          assert.ok(page.rows.length <= limit);
          return Promise.resolve(page);
        };
        for await (const { rows } of pages(ask, limit)) got.push(...rows.map(({ number }) => number));
        assert.deepEqual(
          got.sort((a, b) => a - b),
          [...numbers].sort((a, b) => a - b),
        );
      }),
    );
  });

  it('are one where the caller asks for no page', () => {
    assert.deepEqual(pageOf(numbered([7, 3, 5]), pageQuery.parse({})), { rows: numbered([7, 3, 5]) });
  });

  it('end with the answer of a service that knows none', async () => {
    const asked: string[] = [];
    for await (const _ of pages((query): Promise<{ query: number; next?: number }> =>
      Promise.resolve({ query: asked.push(query) }),
    ))
      continue;
    assert.deepEqual(asked, ['?after=-1&limit=2000']);
  });

  it('are refused for words that make no sense', () => {
    for (const query of [{ after: 'x' }, { limit: '0' }, { limit: '10001' }, { after: '-2' }, { page: '1' }])
      assert.ok(!pageQuery.safeParse(query).success, JSON.stringify(query));
  });
});
