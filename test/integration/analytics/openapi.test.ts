import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Route } from '../../../protocol/api/route.js';
import { analyticsRoutes } from '../../../analytics/rest/routes.js';
import type { RouteDeps } from '../../../analytics/rest/route-deps.js';
import { inert } from '../../../lab/docs/inert.js';
import { startAnalytics } from '../../fakes/analytics-under-test.js';
import { FakeManager } from '../../fakes/fake-manager.js';

/** What OpenAPI 3.1 demands of a description, as far as ours use it; schemas within are checked as JSON Schema 2020-12 apart. */
const media = { type: 'object', minProperties: 1, additionalProperties: { type: 'object', required: ['schema'] } };
const OPENAPI_31 = {
  type: 'object',
  required: ['openapi', 'info', 'paths'],
  properties: {
    openapi: { type: 'string', pattern: '^3\\.1\\.\\d+$' },
    info: {
      type: 'object',
      required: ['title', 'version'],
      properties: { title: { type: 'string' }, version: { type: 'string' }, description: { type: 'string' } },
      additionalProperties: false,
    },
    paths: {
      type: 'object',
      patternProperties: {
        '^/': {
          type: 'object',
          patternProperties: {
            '^(get|put|post|delete)$': {
              type: 'object',
              required: ['responses'],
              properties: {
                summary: { type: 'string', minLength: 1 },
                parameters: {
                  type: 'array',
                  items: {
                    type: 'object',
                    required: ['name', 'in', 'schema'],
                    properties: {
                      name: { type: 'string' },
                      in: { enum: ['query', 'path'] },
                      required: { type: 'boolean' },
                      schema: { type: 'object' },
                    },
                    if: { properties: { in: { const: 'path' } } },
                    then: { properties: { required: { const: true } }, required: ['required'] },
                    additionalProperties: false,
                  },
                },
                requestBody: {
                  type: 'object',
                  required: ['content'],
                  properties: { required: { type: 'boolean' }, content: media },
                  additionalProperties: false,
                },
                responses: {
                  type: 'object',
                  minProperties: 1,
                  patternProperties: {
                    '^([1-5]\\d\\d|default)$': {
                      type: 'object',
                      required: ['description'],
                      properties: { description: { type: 'string' }, content: media },
                      additionalProperties: false,
                    },
                  },
                  additionalProperties: false,
                },
              },
              additionalProperties: false,
            },
          },
          additionalProperties: false,
        },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
};

type Operation = { parameters?: { name: string; in: string; schema: object }[]; [part: string]: unknown };
interface Description {
  readonly paths: Record<string, Record<string, Operation>>;
}

/** Every schema of a description. */
function schemasOf(part: unknown, found: object[] = []): object[] {
  if (typeof part !== 'object' || part === null) return found;
  for (const [name, child] of Object.entries(part))
    if (name === 'schema' && typeof child === 'object' && child !== null) found.push(child as object);
    else schemasOf(child, found);
  return found;
}

describe('the description of analytics', () => {
  const routes: readonly Route[] = analyticsRoutes(inert<RouteDeps>());

  it('is served, is OpenAPI 3.1 in form, and every schema in it is one', async () => {
    await using analytics = await startAnalytics({ managerUrl: 'http://127.0.0.1:9' });
    const description = (await (await fetch(`${analytics.url}/v1/openapi.json`)).json()) as Description;
    const ajv = new Ajv2020({ allErrors: true, strict: false });
    const valid = ajv.validate(OPENAPI_31, description);
    assert.ok(valid, ajv.errorsText());
    const schemas = schemasOf(description);
    assert.ok(schemas.length > 100);
    for (const schema of schemas)
      assert.ok(ajv.validateSchema(schema), `${JSON.stringify(schema)}: ${ajv.errorsText()}`);
  });

  it('has every route that is served, with its parameters, and no other', async () => {
    await using analytics = await startAnalytics({ managerUrl: 'http://127.0.0.1:9' });
    const { paths } = (await (await fetch(`${analytics.url}/v1/openapi.json`)).json()) as Description;
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(described.sort(), routes.map(({ method, path }) => `${method} ${path}`).sort());
    assert.equal(new Set(described).size, described.length);
    // What is described is there: none of them is answered by "no such resource".
    for (const { method, path, raw } of routes) {
      if (raw && path.endsWith('stream')) continue;
      const url = analytics.url + path.replaceAll('{vehicle}', 'car-1').replaceAll(/\{\w+\}/g, 'x');
      const response = await fetch(url, { method });
      assert.doesNotMatch(await response.text(), /"NOT_FOUND"/, `${method} ${path}`);
    }
  });

  it('is kept by what is answered', async () => {
    await using manager = await FakeManager.open();
    await using analytics = await startAnalytics({ managerUrl: manager.url });
    const { paths } = (await (await fetch(`${analytics.url}/v1/openapi.json`)).json()) as Description;
    const ajv = new Ajv2020({ strict: false, logger: false });
    for (const path of [
      '/v1/vehicles',
      '/v1/fleet',
      '/v1/handovers',
      '/v1/topology',
      '/v1/counts',
      '/v1/fleet/signals',
    ]) {
      const query = path === '/v1/fleet/signals' ? '?paths=Vehicle.OBD.Speed' : '';
      const [schema] = schemasOf((paths[path]?.['get'] as { responses: object }).responses);
      const answer: unknown = await (await fetch(analytics.url + path + query)).json();
      assert.ok(schema !== undefined && ajv.validate(schema, answer), `${path}: ${ajv.errorsText()}`);
    }
  });

  it('says what errors look like, and they do', async () => {
    await using analytics = await startAnalytics({ managerUrl: 'http://127.0.0.1:9' });
    for (const path of [
      '/v1/vehicles/nobody',
      '/v1/nothing',
      '/v1/vehicles?x=1',
      '/v1/vehicles/nobody/history.csv',
      '/v1/%',
    ]) {
      const response = await fetch(analytics.url + path);
      assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/, path);
      const problem = (await response.json()) as Record<string, unknown>;
      assert.deepEqual(Object.keys(problem).sort(), ['code', 'detail', 'status', 'title', 'type'], path);
      assert.equal(problem['status'], response.status);
    }
  });
});
