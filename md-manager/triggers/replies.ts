import { z } from 'zod';
import { fault } from '../../protocol/errors.js';
import type { FarEndAnswer } from './far-end-client.js';

/** The answer of a far end, in the form that its contract gives it; UPSTREAM_REFUSED where it has another one. */
export function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const found = schema.safeParse(body);
  if (found.success) return found.data;
  throw fault('UPSTREAM_REFUSED', `an answer in another form: ${z.prettifyError(found.error).replaceAll('\n', ' ')}`);
}

/** Where what was made is: its `Location`, else what it says of itself. */
export function createdAt({ location }: FarEndAnswer, self?: string): string {
  const url = location ?? self;
  if (url === undefined) throw fault('UPSTREAM_REFUSED', 'a subscription without a Location');
  return url;
}
