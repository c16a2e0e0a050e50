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

/** Words of the system, each with what it means to whoever drives. `seen` keeps them as they were. */
const PLAIN: readonly (readonly [RegExp, string])[] = [
  [/(?:connect )?ECONNREFUSED( \S+)?/, 'nobody listens there'],
  [/(?:connect )?(?:EHOSTUNREACH|ENETUNREACH)( \S+)?( - Local \(\S+\))?/, 'no way leads there'],
  [/(?:connect )?ETIMEDOUT( \S+)?/, 'no answer in time'],
  [/OBD_ADAPTER: [^:]*: (.+?) after \S+/, 'the adapter says $1'],
  [/^OBD_[A-Z]+: /, ''],
  [/getaddrinfo (?:ENOTFOUND|EAI_AGAIN)( \S+)?/, 'nobody knows that name'],
];

export const plainly = (say: string): string =>
  PLAIN.reduce((text, [pattern, words]) => text.replace(pattern, words), say);

/** What was said, in plain words, and of what where it does not say so itself. */
export function ofWhat(what: string, say: string): string {
  const plain = plainly(say);
  return plain.includes(what) ? plain : `${what}: ${plain}`;
}
