import assert from 'node:assert/strict';
import { z } from 'zod';
import { EdgetwinError } from '../../../common/errors.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { commandText, MOST_COMMANDS } from '../../../protocol/api/commands.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { openHttp, type HttpServer } from '../../../protocol/api/http-server.js';
import { route } from '../../../protocol/api/route.js';
import { fault } from '../../../protocol/errors.js';
import { METRICS } from '../../../protocol/metrics.js';

const params = z.object({ vehicle: z.string().regex(/^car-/) });

describe('several commands in one request', () => {
  let server: HttpServer;
  let client: HttpClient;
  let begun: string[];
  let refusals: string[];
  let letGo: () => void;
  let metrics: Metrics<keyof typeof METRICS & string>;
  beforeEach(async () => {
    begun = [];
    refusals = [];
    metrics = new Metrics(METRICS);
    const held = new Promise<void>(resolve => (letGo = resolve));
    const command = (name: string, handle: (n: number) => unknown) =>
      route({
        ...({ method: 'POST', path: `/v1/things/{vehicle}/${name}`, summary: name, command: name, params } as const),
        body: z.strictObject({ n: z.int() }),
        answer: z.unknown(),
        handle: ({ params: { vehicle }, body: { n } }) => {
          begun.push(vehicle);
          return handle(n);
        },
      });
    server = await openHttp({
      part: 'vmd',
      listen: { address: '127.0.0.1', port: 0 },
      log: silentLog,
      metrics,
      routes: [
        command('double', n => ({ twice: 2 * n })),
        command('nothing', () => undefined),
        command('hang', async () => held),
        command('refuse', () => {
          throw fault('EPOCH_STALE', 'too old');
        }),
        command('break', () => {
          throw new Error('a secret');
        }),
        route({ method: 'GET', path: '/v1/other', summary: 'no command', handle: () => undefined }),
      ],
    });
    client = new HttpClient(server.url, { refused: code => void refusals.push(code) });
  });
  afterEach(async () => {
    letGo();
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  /** What became of each, by its place. */
  async function say(texts: readonly string[], timeoutMs = 5_000) {
    const told = new Map<number, unknown>();
    await client.commands(
      texts,
      (at, outcome) => {
        assert.ok(!told.has(at));
        told.set(at, 'error' in outcome ? `${outcome.error.code}: ${outcome.error.detail}` : outcome.answer);
      },
      { timeoutMs },
    );
    return texts.map((_, at) => told.get(at));
  }
  const text = (name: string, vehicle = 'car-1', body: unknown = { n: 1 }): string =>
    commandText(name, vehicle, JSON.stringify(body));

  it('is answered for each of them as its own resource answers, and refused for each alone', async () => {
    const told = await say([
      text('double', 'car-1', { n: 4 }),
      text('refuse', 'car-2'),
      text('nothing', 'car-3'),
      text('double', 'nobody'),
      text('double', 'car-4', { n: 'x' }),
      text('double', 'car-4', { n: 1, more: 1 }),
      text('explode'),
      '{"do":"double","vehicle":"car-1","body":{"n":1},"more":1}',
      '[]',
      text('break', 'car-5'),
      text('double', 'car-6'),
    ]);
    assert.deepEqual([told[0], told[2], told[10]], [{ twice: 8 }, undefined, { twice: 2 }]);
    assert.equal(told[1], 'EPOCH_STALE: too old');
    for (const at of [3, 4, 5, 6, 7, 8]) assert.match(String(told[at]), /^REQUEST_INVALID: /);
    assert.equal(told[9], 'UPSTREAM_REFUSED: INTERNAL: see the log');
    assert.deepEqual(begun, ['car-1', 'car-2', 'car-3', 'car-5', 'car-6']);
    assert.equal(await metrics.total('http_errors_total'), 8);
    assert.deepEqual(refusals.slice(0, 1), ['EPOCH_STALE']);
  });

  it('is answered for those that are through while others are not', async () => {
    const told: number[] = [];
    let through = (): void => undefined;
    const quick = new Promise<void>(resolve => (through = resolve));
    const all = client.commands([text('hang'), text('double'), text('nothing')], at => {
      if (told.push(at) === 2) through();
    });
    await quick;
    assert.deepEqual(told, [1, 2]);
    letGo();
    await all;
    assert.deepEqual(told, [1, 2, 0]);
  });

  it('that breaks off has told of those that were through', async () => {
    const told: number[] = [];
    let through = (): void => undefined;
    const quick = new Promise<void>(resolve => (through = resolve));
    const all = client.commands([text('hang'), text('double')], at => {
      told.push(at);
      through();
    });
    const broken = assert.rejects(all, { code: 'UPSTREAM_AWAY' });
    await quick;
    await server[Symbol.asyncDispose]();
    await broken;
    assert.deepEqual(told, [1]);
  });

  it('has its time as a whole', async () => {
    await assert.rejects(say([text('double'), text('hang')], 100), { code: 'DEADLINE' });
  });

  it('is refused as a whole where it is no list of a few', async () => {
    const refused = (error: unknown): boolean => error instanceof EdgetwinError && error.code === 'REQUEST_INVALID';
    await assert.rejects(say([]), refused);
    await assert.rejects(say(Array.from({ length: MOST_COMMANDS + 1 }, () => text('double'))), refused);
    await assert.rejects(say(['{']), refused);
    assert.deepEqual(begun, []);
    assert.deepEqual(await say(Array.from({ length: MOST_COMMANDS }, (_, n) => text('double', `car-${n}`))).then(all => all.length), MOST_COMMANDS); // prettier-ignore
  });

  it('stands in the description of the service', async () => {
    const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as { paths: Record<string, unknown> };
    assert.ok('/v1/commands' in paths);
  });
});
