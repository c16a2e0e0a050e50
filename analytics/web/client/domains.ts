/** Edges by their place in the topology, neighbours apart for colour-blind eyes too. Each has a dark and a light form. */
const COLOURS = [
  ['#38bdf8', '#0277b8'],
  ['#ffab45', '#c25e00'],
  ['#4ade80', '#15803d'],
  ['#f472b6', '#be2f7d'],
  ['#facc15', '#8f6a00'],
] as const;
const CORE = ['#a78bfa', '#6d4fd8'] as const;

const dark = matchMedia('(prefers-color-scheme: dark)');
export const onThemeChange = (listener: () => void): (() => void) => {
  dark.addEventListener('change', listener);
  return () => dark.removeEventListener('change', listener);
};

let domains: readonly string[] = [];
export function setDomains(names: readonly string[]): void {
  domains = ['core', ...names.filter(name => name !== 'core')];
}

export function domainColour(name: string | undefined): string {
  const index = name === undefined ? -1 : domains.indexOf(name);
  if (index < 0) return cssColour('--muted');
  const pair = index === 0 ? CORE : (COLOURS[(index - 1) % COLOURS.length] ?? COLOURS[0]);
  return pair[dark.matches ? 0 : 1];
}

export const cssColour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
