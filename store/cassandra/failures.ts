import { messageOf, EdgetwinError } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';

/** Error codes of the native protocol (v4 §9) after which nothing can be said against the statement: the cluster was not there for it. */
const AWAY_CODES: ReadonlySet<unknown> = new Set([
  0x1000, // unavailable: too few replicas are up
  0x1001, // overloaded
  0x1002, // is bootstrapping
  0x1100, // write timeout
  0x1200, // read timeout
]);
/** Errors of the driver itself that mean the same. */
const AWAY_NAMES: ReadonlySet<string> = new Set([
  'NoHostAvailableError',
  'OperationTimedOutError',
  'BusyConnectionError',
]);

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

/**
 * What the driver reports, as ours: STORE_AWAY where the cluster could not be reached or not enough of it, STORE_FAILED
 * otherwise. Neither says that a write was not applied. Our own errors stay as they are.
 */
export function storeFault(what: string, error: unknown): EdgetwinError {
  if (error instanceof EdgetwinError) return error;
  const refused = refusalWithin(error);
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  const away = refused === undefined && (AWAY_CODES.has(code) || AWAY_NAMES.has(nameOf(error)));
  return fault(away ? 'STORE_AWAY' : 'STORE_FAILED', `${what}: ${firstLine(refused ?? wordsOf(error))}`, {
    cause: error,
  });
}

const innerErrors = (error: unknown): [string, unknown][] =>
  typeof error === 'object' && error !== null && 'innerErrors' in error
    ? Object.entries((error.innerErrors ?? {}) as Record<string, unknown>)
    : [];

/** Of OpenSSL and of Node: no certificate that can be trusted, none where one is wanted, or no TLS at all. */
const TLS_CODE = /^(ERR_SSL_|ERR_TLS_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE)/;

const tlsCode = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && TLS_CODE.test(String(error.code))
    ? String(error.code)
    : undefined;

/** A wrong password or certificate hides in "no host available": waiting does not help against it. */
function refusalWithin(error: unknown): string | undefined {
  for (const [node, each] of innerErrors(error)) {
    const code = tlsCode(each);
    // What OpenSSL says begins with numbers of its own.
    if (code !== undefined) return `no TLS with ${node}: ${code.startsWith('ERR_SSL_') ? code : messageOf(each)}`;
    if (nameOf(each) === 'AuthenticationError') return messageOf(each);
  }
  return undefined;
}

/** In one line: what each node that was tried said, or the error's own words. */
function wordsOf(error: unknown): string {
  const tried = innerErrors(error).map(([node, each]) => `${node}: ${messageOf(each)}`);
  return tried.length > 0 ? `no node answered (${tried.join('; ')})` : messageOf(error);
}

const firstLine = (words: string): string => words.split('\n', 1)[0] ?? words;
