import { EdgetwinError, messageOf } from '../../common/errors.js';

/** The words of an error, and of what caused it, for people: no codes, and nothing twice. */
export function wordsOf(error: unknown): string {
  const own = error instanceof EdgetwinError ? ownWords(error) : messageOf(error);
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause === undefined) return own;
  const below = wordsOf(cause);
  return own.includes(below) ? own : `${own}: ${below}`;
}

/** The detail tells more than the words of the code, where it is a sentence and no name or request. */
function ownWords({ code, detail, message }: EdgetwinError): string {
  const isSentence = detail.includes(' ') && !code.startsWith('COAP');
  return isSentence ? detail : message.slice(code.length + 2, -detail.length - 2);
}

/** What was said, and of what where it does not say so itself. */
export const ofWhat = (what: string, say: string): string => (say.includes(what) ? say : `${what}: ${say}`);
