/** What a read may ask for. */
export interface Ask {
  /** How old the value may be; absent: as old as it is. */
  readonly maxAgeMs?: number;
  /** How long the car is waited for. */
  readonly timeoutMs?: number;
}

const MAX_AGE_S = 86_400;
const MAX_TIMEOUT_MS = 60_000;

interface Item {
  readonly max: number;
  set(value: number): Ask;
}

const ITEMS: Readonly<Record<string, Item>> = {
  maxAge: { max: MAX_AGE_S, set: value => ({ maxAgeMs: value * 1000 }) },
  timeout: { max: MAX_TIMEOUT_MS, set: value => ({ timeoutMs: value }) },
};

/** Uri-Query items `maxAge=<seconds>` and `timeout=<milliseconds>`; a text says what is wrong with them. */
export function askOf(query: readonly string[]): Ask | string {
  let ask: Ask = {};
  for (const item of query) {
    const at = item.indexOf('=');
    const row = Object.hasOwn(ITEMS, item.slice(0, at)) ? ITEMS[item.slice(0, at)] : undefined;
    if (row === undefined) return `${item} is unknown`;
    const digits = item.slice(at + 1);
    const value = /^\d+(\.\d+)?$/.test(digits) ? Number(digits) : NaN;
    if (!(value <= row.max)) return `${item} is not a number in 0 to ${row.max}`;
    ask = { ...ask, ...row.set(value) };
  }
  return ask;
}
