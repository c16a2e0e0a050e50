/** Label set of a series; keys in byte order. Never changed once made. */
export type Labels = Readonly<Record<string, string>>;

export const NAME = '__name__';

/** The value of a label, '' where there is none: to Prometheus an empty label is no label. */
export const labelOf = (labels: Labels, name: string): string =>
  Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';

const fromEntries = (entries: readonly (readonly [string, string])[]): Labels =>
  Object.fromEntries(entries.filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1)));

export const makeLabels = (labels: Readonly<Record<string, string>>): Labels => fromEntries(Object.entries(labels));

export const keepLabels = (labels: Labels, names: readonly string[]): Labels =>
  fromEntries(names.map(name => [name, labelOf(labels, name)] as const));

export const dropLabels = (labels: Labels, names: readonly string[]): Labels =>
  fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)));

const signatures = new WeakMap<Labels, string>();

/** Equal for equal sets; computed once per set, for queries ask for it at every step. */
export function signatureOf(labels: Labels): string {
  const known = signatures.get(labels);
  if (known !== undefined) return known;
  const made = JSON.stringify(Object.entries(labels));
  signatures.set(labels, made);
  return made;
}

/** Order of series in answers: label by label, first names, then values. */
export function compareLabels(a: Labels, b: Labels): number {
  const left = Object.entries(a);
  const right = Object.entries(b);
  for (const [i, [name, value]] of left.entries()) {
    const other = right[i];
    if (other === undefined) return 1;
    if (name !== other[0]) return name < other[0] ? -1 : 1;
    if (value !== other[1]) return value < other[1] ? -1 : 1;
  }
  return left.length - right.length;
}

/** A label set as Prometheus writes it in its errors. */
export const labelText = (labels: Labels): string => {
  const rest = Object.entries(labels).filter(([name]) => name !== NAME);
  const inner = rest.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ');
  return `${labelOf(labels, NAME)}{${inner}}`;
};

/** The same derived set for the same set, so that its signature is computed once. */
export function derived(derive: (labels: Labels) => Labels): (labels: Labels) => Labels {
  const made = new WeakMap<Labels, Labels>();
  return labels => {
    const known = made.get(labels);
    if (known !== undefined) return known;
    const fresh = derive(labels);
    made.set(labels, fresh);
    return fresh;
  };
}

export const withoutName = derived(labels => dropLabels(labels, [NAME]));
