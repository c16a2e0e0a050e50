import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';

/** Content type of a body that is a form. */
export const FORM = 'application/x-www-form-urlencoded';

/** One REST resource: what it takes and gives is data, so that checks and OpenAPI come from the same row. */
export interface Route<P = unknown, Q = unknown, B = unknown, A = unknown> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` for parameters, as OpenAPI writes them. */
  readonly path: string;
  readonly summary: string;
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  /** Absent: 204 without a body. */
  readonly answer?: z.ZodType<A>;
  readonly status?: number;
  /** Codes of ERRORS that callers should expect. */
  readonly errors?: readonly string[];
  /** Takes the reply over for server-sent events, or sends a stream of `media`; the answer is ignored. */
  readonly raw?: true;
  /** Content type of a raw answer; absent: server-sent events. */
  readonly media?: string;
  /** By this name it is a command that is also taken together with others (commands.ts). */
  readonly command?: string;
  /** The body is a form (`FORM`); names that come several times are lists. */
  readonly form?: true;
  /** Errors in another form than problem details, where somebody else's API is served. */
  readonly refusal?: (error: unknown) => { readonly status: number; readonly body: unknown };
  handle(input: { params: P; query: Q; body: B; request: FastifyRequest; reply: FastifyReply }): A | Promise<A>;
}

/** Keeps the types of one row while rows of all kinds share a list. */
export function route<P, Q, B, A>(row: Route<P, Q, B, A>): Route {
  return row as unknown as Route;
}
