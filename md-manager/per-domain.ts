import type { Parse } from '../common/config.js';
import { fault } from '../protocol/errors.js';

/** `VALUE` for all domains, or `DOMAIN=VALUE,…`; `undefined` for a domain that is not among them. */
function valuesOf<T>(value: string, parse: Parse<T>): (domain: string) => T | undefined {
  if (!value.includes('=')) {
    const all = parse(value);
    return () => all;
  }
  const each = new Map(
    value.split(',').map(part => {
      const [domain = '', own = ''] = part.split('=');
      return [domain, parse(own)] as const;
    }),
  );
  return domain => each.get(domain);
}

/** One address for all domains, or one for each of them: CONFIG_INVALID once another is asked for. */
export const hostsFrom =
  (setting: string, parse: Parse<string>): Parse<(domain: string) => string> =>
  value => {
    const of = valuesOf(value, parse);
    return domain => {
      const found = of(domain);
      if (found === undefined) throw fault('CONFIG_INVALID', `${setting} has no address for domain ${domain}`);
      return found;
    };
  };

/** One number for all domains, or DOMAIN=NUMBER for each that differs, with `*` for the others. */
export const perDomain =
  (parse: Parse<number>): Parse<(domain: string) => number> =>
  value => {
    const of = valuesOf(value, parse);
    const others = of('*');
    if (others === undefined) throw new Error('a number, or DOMAIN=NUMBER,…,*=NUMBER');
    return domain => of(domain) ?? others;
  };
