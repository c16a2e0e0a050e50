import { z } from 'zod';
import { problem } from './common.js';
import type { Route } from './route.js';

const schemaOf = (type: z.ZodType, io: 'input' | 'output'): unknown => {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, unrepresentable: 'any' });
  return schema;
};

const OF_EVERY_SERVICE =
  'Beside these resources: GET /healthz (the process answers), GET /readyz (200 ready, 503 with what it waits for), ' +
  'GET /metrics (Prometheus text) and GET /v1/openapi.json (this description; also at /openapi.json).';

const OF_ANOTHER_API = {
  description: 'an error in the form of the API that is served here',
  content: { 'application/json': { schema: { type: 'object' } } },
};

/** OpenAPI 3.1 description of a service, made from its routes. */
export function openApi(part: string, routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const row of routes) {
    const operation = {
      summary: row.summary,
      parameters: [...parametersOf(row.params, 'path'), ...parametersOf(row.query, 'query')],
      ...(row.body === undefined
        ? {}
        : {
            requestBody: {
              required: true,
              content: {
                [row.form ? 'application/x-www-form-urlencoded' : 'application/json']: {
                  schema: schemaOf(row.body, 'input'),
                },
              },
            },
          }),
      responses: {
        ...(row.answer === undefined
          ? row.raw
            ? {
                200: {
                  description: row.summary,
                  content: { [row.media ?? 'text/event-stream']: { schema: { type: 'string' } } },
                },
              }
            : { [row.status ?? 204]: { description: row.summary } }
          : {
              [row.status ?? 200]: {
                description: row.summary,
                content: { 'application/json': { schema: schemaOf(row.answer, 'output') } },
              },
            }),
        default:
          row.refusal === undefined
            ? {
                description: `problem details (RFC 9457)${row.errors ? `; codes ${row.errors.join(', ')}` : ''}`,
                content: { 'application/problem+json': { schema: schemaOf(problem, 'output') } },
              }
            : OF_ANOTHER_API,
      },
    };
    paths[row.path] = { ...paths[row.path], [row.method.toLowerCase()]: operation };
  }
  return { openapi: '3.1.0', info: { title: `edgetwin ${part}`, version: '1', description: OF_EVERY_SERVICE }, paths };
}

function parametersOf(type: z.ZodType | undefined, where: 'path' | 'query'): unknown[] {
  if (!(type instanceof z.ZodObject)) return [];
  const shape = type.shape as Record<string, z.ZodType>;
  return Object.entries(shape).map(([name, schema]) => ({
    name,
    in: where,
    required: where === 'path' || !schema.safeParse(undefined).success,
    schema: schemaOf(schema, 'input'),
  }));
}
