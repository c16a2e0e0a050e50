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
  return fault(away ? 'STORE_AWAY' : 'STORE_FAILED', `${what}: ${wordsOf(refused ?? error)}`, { cause: error });
}

const innerErrors = (error: unknown): [string, unknown][] =>
  typeof error === 'object' && error !== null && 'innerErrors' in error
    ? Object.entries((error.innerErrors ?? {}) as Record<string, unknown>)
    : [];

/** A wrong password hides in "no host available": waiting does not help against it. */
const refusalWithin = (error: unknown): unknown =>
  innerErrors(error).find(([, each]) => nameOf(each) === 'AuthenticationError')?.[1];

/** In one line: what each node that was tried said, or the error's own words. */
function wordsOf(error: unknown): string {
  const tried = innerErrors(error).map(([node, each]) => `${node}: ${messageOf(each)}`);
  const words = tried.length > 0 ? `no node answered (${tried.join('; ')})` : messageOf(error);
  return words.split('\n', 1)[0] ?? words;
}
