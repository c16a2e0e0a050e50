import assert from 'node:assert/strict';
import fc from 'fast-check';
import { z } from 'zod';
import { route } from '../../../../protocol/api/route.js';
import { openApi } from '../../../../protocol/api/openapi.js';
import { readEvents, type ServerEvent } from '../../../../protocol/api/sse.js';

describe('the OpenAPI description', () => {
  it('is made from the rows: parameters, body, answer, errors', () => {
    const rows = [
      route({
        method: 'POST',
        path: '/v1/twins/{vehicle}',
        summary: 'make',
        params: z.strictObject({ vehicle: z.string() }),
        query: z.strictObject({ dry: z.string().optional() }),
        body: z.strictObject({ epoch: z.int() }),
        answer: z.strictObject({ ok: z.boolean() }),
        status: 201,
        errors: ['EPOCH_STALE'],
        handle: () => ({ ok: true }),
      }),
      route({ method: 'DELETE', path: '/v1/twins/{vehicle}', summary: 'end', handle: () => undefined }),
    ];
    const found = openApi('vmd', rows) as {
      openapi: string;
      paths: Record<string, Record<string, Record<string, unknown>>>;
    };
    assert.equal(found.openapi, '3.1.0');
    const { post, delete: remove } = found.paths['/v1/twins/{vehicle}'] ?? {};
    assert.deepEqual(
      (post?.['parameters'] as { name: string; in: string; required: boolean }[]).map(row => [
        row.name,
        row.in,
        row.required,
      ]),
      [
        ['vehicle', 'path', true],
        ['dry', 'query', false],
      ],
    );
    const responses = post?.['responses'] as Record<string, { description: string }>;
    assert.deepEqual(Object.keys(responses), ['201', 'default']);
    assert.match(responses['default']?.description ?? '', /EPOCH_STALE/);
    assert.deepEqual(Object.keys(remove?.['responses'] as object), ['204', 'default']);
    assert.equal('requestBody' in (remove ?? {}), false);
  });
});

describe('server-sent events', () => {
  const read = async (chunks: readonly Uint8Array[]): Promise<ServerEvent[]> => {
    const found: ServerEvent[] = [];
    const body = (async function* () {
      for (const chunk of chunks) yield await Promise.resolve(chunk);
    })();
    for await (const event of readEvents(body)) found.push(event);
    return found;
  };

  it('come out whole however the stream is cut', async () => {
    const stream = Buffer.from(':\n\nid: 7\nevent: report\ndata: {"ü":1}\n\ndata: plain\n\nevent: half\ndata: no');
    const expected = [
      { event: 'report', data: '{"ü":1}', id: '7' },
      { event: 'message', data: 'plain' },
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(stream.length), { maxLength: 8 }), async cuts => {
        const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const chunks = at.slice(1).map((end, i) => stream.subarray(at[i], end));
        assert.deepEqual(await read(chunks), expected);
      }),
    );
  });

  it('survive any bytes', () =>
    fc.assert(fc.asyncProperty(fc.array(fc.uint8Array()), async chunks => void (await read(chunks)))));
});
