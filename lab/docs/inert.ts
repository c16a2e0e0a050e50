import { fault } from '../../protocol/errors.js';

/**
 * Stands in for what the handlers of routes would use, where routes are only described: any property may be taken from
 * it, to any depth; calling anything throws.
 */
export function inert<T>(): T {
  const refuse = (): never => {
    throw fault('REQUEST_INVALID', 'routes that are only described cannot be called');
  };
  const stand: object = new Proxy(refuse, { get: () => stand, apply: refuse });
  return stand as T;
}
