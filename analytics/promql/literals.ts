import { promqlFault } from './promql-error.js';

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};
const DURATION = /^(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;

/** `1h30m` in milliseconds; undefined where the text is no duration. */
export function durationMs(text: string): number | undefined {
  if (text === '' || !DURATION.test(text)) return undefined;
  let sum = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g))
    sum += Number(digits) * (UNITS_MS[unit ?? ''] ?? 0);
  return sum;
}

/** A number as PromQL writes it: decimal, hexadecimal, `Inf`, `NaN`; a duration counts in seconds. */
export function numberOf(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const bare = text.replace(/^[+-]/, '').replaceAll('_', '');
  if (/^inf$/i.test(bare)) return sign * Infinity;
  if (/^nan$/i.test(bare)) return NaN;
  if (/^0x[0-9a-f]+$/i.test(bare) || /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(bare)) return sign * Number(bare);
  const ms = durationMs(bare);
  return ms === undefined ? undefined : (sign * ms) / 1000;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** The text of a quoted literal (Go's escapes); throws `bad_data`. */
export function unquote(literal: string): string {
  const quote = literal[0] ?? '';
  if (literal.length < 2 || !literal.endsWith(quote)) throw promqlFault('bad_data', `unterminated string ${literal}`);
  const inner = literal.slice(1, -1);
  if (quote === '`') return inner;
  return inner.replaceAll(
    /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.?)/gs,
    (whole, escape: string) => {
      const plain = ESCAPES[escape];
      if (plain !== undefined) return plain;
      const code = /^[xuU]/.test(escape) ? parseInt(escape.slice(1), 16) : parseInt(escape, 8);
      if (!(code <= 0x10ffff)) throw promqlFault('bad_data', `invalid escape ${whole} in ${literal}`);
      return String.fromCodePoint(code);
    },
  );
}
