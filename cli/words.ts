/** What the words after `edgetwin` ask for. */
export type Asked =
  | { readonly is: 'usage' | 'version' }
  | { readonly is: 'help'; readonly command: string }
  | { readonly is: 'run'; readonly command: string; readonly rest: readonly string[] }
  /** `near`: the commands that begin alike, or all of them. */
  | { readonly is: 'unknown'; readonly words: string; readonly near: readonly string[] };

const HELP = ['help', '--help', '-h'];
const VERSION = ['version', '--version', '-v'];

/** Reads the words of a command line; the names of commands have one word or two (`lab switch`). */
export function readWords(words: readonly string[], names: readonly string[]): Asked {
  const [first = '', second = ''] = words;
  if (words.length === 0) return { is: 'usage' };
  if (HELP.includes(first)) return words.length === 1 ? { is: 'usage' } : helpOf(words.slice(1), names);
  if (VERSION.includes(first)) return { is: 'version' };
  const command = [`${first} ${second}`, first].find(name => names.includes(name));
  if (command === undefined) return unknown(first, second, names);
  const rest = words.slice(command.split(' ').length);
  // `-h` may be meant for a program that a command runs: it counts only where nothing else can be meant.
  if (rest.includes('--help') || rest[0] === '-h') return { is: 'help', command };
  return { is: 'run', command, rest };
}

function helpOf(words: readonly string[], names: readonly string[]): Asked {
  const found = readWords(words, names);
  return found.is === 'run' ? { is: 'help', command: found.command } : found;
}

function unknown(first: string, second: string, names: readonly string[]): Asked {
  const near = names.filter(name => name.startsWith(`${first} `));
  if (near.length === 0) return { is: 'unknown', words: first, near: names };
  if (second === '' || HELP.includes(second)) return { is: 'unknown', words: first, near };
  return { is: 'unknown', words: `${first} ${second}`, near };
}
