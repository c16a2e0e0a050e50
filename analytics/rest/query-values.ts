import { z } from 'zod';
import { fault } from '../../protocol/errors.js';
import { signalByPath, type SignalRow } from '../../protocol/signals.js';

/** A moment in a query: Unix milliseconds, or RFC 3339 with its zone. */
export const moment = z.string().transform((text, context): number => {
  const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
  const ms = /^\d{1,16}$/.test(text) ? Number(text) : rfc3339.test(text) ? Date.parse(text) : NaN;
  if (!Number.isFinite(ms)) context.addIssue({ code: 'custom', message: 'Unix milliseconds or RFC 3339 with a zone' });
  return ms;
});

const numeric = (text: string): number => (text.trim() === '' ? NaN : Number(text));

export const countOf = (min: number, max: number, otherwise: number) =>
  z
    .string()
    .transform(numeric)
    .pipe(z.number().int().min(min).max(max))
    .optional()
    .transform(found => found ?? otherwise);

/** Seconds in the query, milliseconds inside. */
export const secondsAsMs = z
  .string()
  .transform(numeric)
  .pipe(z.number().min(0).max(1e9))
  .transform(s => s * 1000)
  .optional();

export const flag = z
  .enum(['0', '1', 'true', 'false'])
  .optional()
  .transform(text => text === '1' || text === 'true');

/** Rows of a comma-separated list of paths; throws SIGNAL_UNKNOWN that names all that are none. */
export function signalRows(paths: string): SignalRow[] {
  const found = paths.split(',').map(path => ({ path, row: signalByPath(path) }));
  const unknown = found.filter(({ row }) => row === undefined);
  if (unknown.length > 0) throw fault('SIGNAL_UNKNOWN', unknown.map(({ path }) => path).join(', '));
  return found.flatMap(({ row }) => (row === undefined ? [] : [row]));
}
