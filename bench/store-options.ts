/** What is measured, and how long: words `parts=lag,claims syncs=batch n=50` after the name of the benchmark. */
export interface StoreOptions {
  readonly parts: readonly StorePart[];
  /** How the nodes sync their commit logs. */
  readonly syncs: readonly StoreSync[];
  /** Samples of what is measured one by one. */
  readonly n: number;
  readonly devices: readonly number[];
  readonly rounds: number;
  /** Of each round of throughput. */
  readonly seconds: number;
  /** Of the day that is read, and of which the bytes on disk are counted. */
  readonly reports: number;
  /** How long a domain is cut off. */
  readonly cutSeconds: number;
}

export const STORE_PARTS = ['throughput', 'lag', 'claims', 'reads', 'converge'] as const;
export type StorePart = (typeof STORE_PARTS)[number];
export const STORE_SYNCS = ['batch', 'group'] as const;
export type StoreSync = (typeof STORE_SYNCS)[number];

const DEFAULTS: StoreOptions = {
  parts: STORE_PARTS,
  syncs: STORE_SYNCS,
  n: 500,
  devices: [64, 512],
  rounds: 3,
  seconds: 5,
  reports: 86_400,
  cutSeconds: 300,
};

const WORDS: Readonly<Record<string, (value: string) => Partial<StoreOptions>>> = {
  parts: value => ({ parts: value.split(',').map(oneOf(STORE_PARTS)) }),
  syncs: value => ({ syncs: value.split(',').map(oneOf(STORE_SYNCS)) }),
  n: value => ({ n: numberOf(value) }),
  devices: value => ({ devices: value.split(',').map(numberOf) }),
  rounds: value => ({ rounds: numberOf(value) }),
  seconds: value => ({ seconds: numberOf(value) }),
  reports: value => ({ reports: numberOf(value) }),
  cut: value => ({ cutSeconds: numberOf(value) }),
};

/** Throws an Error that names the word. */
export function storeOptions(words: readonly string[]): StoreOptions {
  const given = words.map(word => {
    const [name = '', value = ''] = word.split('=');
    const read = Object.hasOwn(WORDS, name) ? WORDS[name] : undefined;
    if (read === undefined) throw new Error(`'${word}': known are ${Object.keys(WORDS).join(', ')}`);
    return read(value);
  });
  return Object.assign({ ...DEFAULTS }, ...given) as StoreOptions;
}

function numberOf(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`'${text}' is no whole number above 0`);
  return value;
}

const oneOf =
  <T extends string>(choices: readonly T[]) =>
  (text: string): T => {
    const found = choices.find(choice => choice === text);
    if (found === undefined) throw new Error(`'${text}' is none of ${choices.join(', ')}`);
    return found;
  };
