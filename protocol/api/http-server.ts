import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { EdgetwinError, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { version } from '../../common/version.js';
import { fault } from '../errors.js';
import { check } from './check.js';
import { withCommands } from './command-route.js';
import { inUrl } from '../ipv6.js';
import type { MetricName } from '../metrics.js';
import { openApi } from './openapi.js';
import { FORM, route, type Route } from './route.js';
import { rehearsal } from './rehearsal.js';
import type { Problem } from './common.js';

export interface HttpOptions {
  readonly part: string;
  readonly listen: { readonly address: string; readonly port: number };
  readonly routes: readonly Route[];
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  /** For `/readyz`: undefined when ready, else what is awaited. */
  readonly notReady?: () => string | undefined;
  /** Plugins of a service's own (static files). */
  readonly extend?: (app: FastifyInstance) => Promise<void>;
}

export interface HttpServer extends AsyncDisposable {
  readonly url: string;
}

const BODY_LIMIT_BYTES = 1_048_576;

const REHEARSAL = route({
  method: 'POST',
  path: '/v1/rehearsals',
  summary: 'gives the body back',
  body: rehearsal,
  answer: rehearsal,
  handle: ({ body }) => body,
});

/** Serves the routes with `/healthz`, `/readyz`, `/metrics` and `/openapi.json`. Errors leave as RFC 9457 problem details. */
export async function openHttp(options: HttpOptions): Promise<HttpServer> {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: true,
    // What cannot even be routed (a URL that is none) is refused in the same form.
    frameworkErrors: (error, request, reply) => refuse(error, request, reply as unknown as FastifyReply),
  });
  app.removeContentTypeParser('text/plain');
  const refused = (error: unknown, request: FastifyRequest): EdgetwinError | undefined => {
    const known = error instanceof EdgetwinError ? error : asRequestFault(error);
    options.metrics.count('http_errors_total', { part: options.part, code: known?.code ?? 'INTERNAL' });
    if (known === undefined)
      options.log.error({
        event: 'http.failed',
        path: request.url,
        error: messageOf(error),
        stack: error instanceof Error ? error.stack : undefined,
      });
    return known;
  };
  const refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply): void =>
    void sendProblem(reply, refused(error, request));
  app.setErrorHandler(refuse);
  app.setNotFoundHandler((request, reply) =>
    refuse(fault('NOT_FOUND', `${request.method} ${request.url}`), request, reply),
  );
  const { metrics, part } = options;
  metrics.set('service_info', 1, { part, version: version() });
  if (options.routes.some(({ form }) => form))
    app.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, body, done) => done(null, formOf(String(body))));
  const took = (row: Route, reply: FastifyReply): void =>
    metrics.observe('http_request_seconds', reply.elapsedTime / 1_000, { part, route: `${row.method} ${row.path}` });
  const routes = withCommands(options.routes, {
    refused: (error, request) => problemOf(refused(error, request)),
    took,
  });
  for (const row of [...routes, REHEARSAL]) {
    app.route({
      method: row.method,
      url: row.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      ...(row.refusal === undefined ? {} : { errorHandler: inItsOwnForm(row.refusal, metrics, part) }),
      handler: async (request, reply) => {
        const input = {
          params: check(row.params, request.params, 'path'),
          query: check(row.query, request.query, 'query'),
          body: check(row.body, request.body, 'body'),
          request,
          reply,
        };
        const answer = await row.handle(input);
        if (!row.raw) took(row, reply);
        // Accepted: what it began goes first, and what was begun leaves at the end of this turn of the event loop.
        if (row.status === 202) await new Promise(resolve => setImmediate(resolve));
        if (row.raw) return reply;
        if (row.answer === undefined) return reply.code(row.status ?? 204).send();
        return reply.code(row.status ?? 200).send(answer);
      },
    });
  }
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const waiting = options.notReady?.();
    return waiting === undefined ? { status: 'ready' } : reply.code(503).send({ status: 'waiting', for: waiting });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.header('content-type', options.metrics.contentType).send(await options.metrics.text()),
  );
  const description = openApi(options.part, routes);
  for (const path of ['/openapi.json', '/v1/openapi.json']) app.get(path, () => description);
  await options.extend?.(app);
  await app.listen({ host: options.listen.address, port: options.listen.port });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.listen.port;
  return { url: `http://${inUrl(options.listen.address)}:${port}`, [Symbol.asyncDispose]: () => app.close() };
}

function inItsOwnForm(refusal: NonNullable<Route['refusal']>, metrics: Metrics<MetricName>, part: string) {
  return (error: unknown, _request: FastifyRequest, reply: FastifyReply): void => {
    const { status, body } = refusal(error);
    metrics.count('http_errors_total', { part, code: `HTTP_${status}` });
    void reply.code(status).send(body);
  };
}

/** Fields of a form; a field that comes several times is a list. */
function formOf(body: string): Record<string, string | string[]> {
  const form = new URLSearchParams(body);
  return Object.fromEntries(
    [...new Set(form.keys())].map(name => {
      const values = form.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}

/** Fastify's own refusals (bad JSON, too large, wrong media type) are the caller's faults, too. */
function asRequestFault(error: unknown): EdgetwinError | undefined {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status < 500 ? fault('REQUEST_INVALID', messageOf(error)) : undefined;
}

function sendProblem(reply: FastifyReply, error: EdgetwinError | undefined): FastifyReply {
  const body = problemOf(error);
  if (body.status === 503) void reply.header('retry-after', '1');
  return reply.code(body.status).header('content-type', 'application/problem+json').send(JSON.stringify(body));
}

const problemOf = (error: EdgetwinError | undefined): Problem => ({
  type: `urn:edgetwin:error:${error?.code ?? 'INTERNAL'}`,
  title: error?.message.split(': ')[1] ?? 'something failed inside',
  status: error?.status ?? 500,
  code: error?.code ?? 'INTERNAL',
  detail: error?.detail ?? 'see the log',
});
