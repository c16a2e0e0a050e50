import { z } from 'zod';
import { fault } from '../errors.js';

/** What came with a request, in the form that its resource takes: REQUEST_INVALID says where it is not. */
export function check<T>(schema: z.ZodType<T> | undefined, value: unknown, where: string): T {
  if (schema === undefined) return undefined as T;
  const found = schema.safeParse(value);
  if (!found.success) throw fault('REQUEST_INVALID', `${where}: ${z.prettifyError(found.error).replaceAll('\n', ' ')}`);
  return found.data;
}
