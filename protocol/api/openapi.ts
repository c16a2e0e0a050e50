import { z } from 'zod';
import { problem } from './common.js';
import { FORM, type Route } from './route.js';

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
      ...(row.body === undefined ? {} : { requestBody: requestBodyOf(row.body, row.form) }),
      responses: { ...answerOf(row), default: refusalOf(row) },
    };
    paths[row.path] = { ...paths[row.path], [row.method.toLowerCase()]: operation };
  }
  return { openapi: '3.1.0', info: { title: `edgetwin ${part}`, version: '1', description: OF_EVERY_SERVICE }, paths };
}

function requestBodyOf(body: z.ZodType, form: Route['form']): unknown {
  return { required: true, content: { [form ? FORM : 'application/json']: { schema: schemaOf(body, 'input') } } };
}

function answerOf({ answer, raw, media, status, summary }: Route): Record<number, unknown> {
  if (answer !== undefined) {
    const schema = schemaOf(answer, 'output');
    return { [status ?? 200]: { description: summary, content: { 'application/json': { schema } } } };
  }
  if (!raw) return { [status ?? 204]: { description: summary } };
  const content = { [media ?? 'text/event-stream']: { schema: { type: 'string' } } };
  return { 200: { description: summary, content } };
}

function refusalOf({ refusal, errors }: Route): unknown {
  if (refusal !== undefined) return OF_ANOTHER_API;
  return {
    description: `problem details (RFC 9457)${errors ? `; codes ${errors.join(', ')}` : ''}`,
    content: { 'application/problem+json': { schema: schemaOf(problem, 'output') } },
  };
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
