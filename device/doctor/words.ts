import { EdgetwinError, messageOf } from '../../common/errors.js';

/** The words of an error, and of what caused it, without the code before them. */
export function wordsOf(error: unknown): string {
  const own = error instanceof EdgetwinError ? error.message.slice(error.code.length + 2) : messageOf(error);
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause === undefined) return own;
  const below = wordsOf(cause);
  return own.includes(below) ? own : `${own}: ${below}`;
}
