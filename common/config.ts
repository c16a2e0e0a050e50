import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { CONFIG_INVALID, EdgetwinError, messageOf } from './errors.js';

/** Text in, value out; throws an Error whose message completes "<setting> must be …". */
export type Parse<T> = (text: string) => T;

export interface Setting<T> {
  readonly parse: Parse<T>;
  /** Text of the default; a setting without one is required, unless it is optional. */
  readonly default?: string;
  readonly optional?: true;
  readonly help: string;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;
type ValueOf<S> = S extends { readonly parse: Parse<infer T> }
  ? S extends { readonly optional: true }
    ? T | undefined
    : T
  : never;
export type ConfigOf<S extends Settings> = { readonly [K in keyof S]: ValueOf<S[K]> };

export interface ConfigInput {
  /** Command-line words after the command's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

const words = (name: string): string[] => name.split(/\.|(?=[A-Z])/).map(word => word.toLowerCase());
export const flagOf = (name: string): string => `--${words(name).join('-')}`;
export const envOf = (name: string): string => `EDGETWIN_${words(name).join('_').toUpperCase()}`;

/**
 * Reads the settings of one command: flag > environment > YAML file (`--config FILE`) > default.
 * A boolean flag may stand without a value. Throws CONFIG_INVALID that names every fault at once.
 */
export function loadConfig<S extends Settings>(settings: S, input: ConfigInput): ConfigOf<S> {
  const faults: string[] = [];
  const flags = readFlags(settings, input.argv, faults);
  const env = readEnv(settings, input.env, faults);
  const file = readFile(settings, flags.get('config') ?? input.env['EDGETWIN_CONFIG'], faults);
  const config: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const text = flags.get(name) ?? env.get(name) ?? file.get(name) ?? setting.default;
    if (text === undefined) {
      if (!setting.optional) faults.push(`${name} is required (${setting.help})`);
      continue;
    }
    try {
      config[name] = setting.parse(text);
    } catch (error) {
      faults.push(`${name} must be ${messageOf(error)}, not '${text}'`);
    }
  }
  if (faults.length > 0) throw new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, faults.join('; '));
  return config as ConfigOf<S>;
}

function readFlags(settings: Settings, argv: readonly string[], faults: string[]): Map<string, string> {
  const nameOf = new Map(Object.keys(settings).map(name => [flagOf(name), name]));
  nameOf.set('--config', 'config');
  const flags = new Map<string, string>();
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    const [flag = '', inline] = word.startsWith('--') ? splitOnce(word, '=') : [word, undefined];
    const negated = flag.startsWith('--no-') ? nameOf.get(`--${flag.slice(5)}`) : undefined;
    if (negated !== undefined && isBoolean(settings[negated])) {
      flags.set(negated, 'false');
      continue;
    }
    const name = nameOf.get(flag);
    if (name === undefined) {
      faults.push(`${word} is unknown`);
      continue;
    }
    const next = argv[i + 1];
    if (inline !== undefined) flags.set(name, inline);
    else if (isBoolean(settings[name]) && next !== 'true' && next !== 'false') flags.set(name, 'true');
    else if (next === undefined) faults.push(`${flag} needs a value`);
    else {
      flags.set(name, next);
      i++;
    }
  }
  return flags;
}

function readEnv(settings: Settings, env: ConfigInput['env'], faults: string[]): Map<string, string> {
  const nameOf = new Map(Object.keys(settings).map(name => [envOf(name), name]));
  const found = new Map<string, string>();
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('EDGETWIN_') || text === undefined || variable === 'EDGETWIN_CONFIG') continue;
    const name = nameOf.get(variable);
    if (name === undefined) faults.push(`${variable} is unknown`);
    else found.set(name, text);
  }
  return found;
}

function readFile(settings: Settings, path: string | undefined, faults: string[]): Map<string, string> {
  const found = new Map<string, string>();
  if (path === undefined) return found;
  let tree: unknown;
  try {
    tree = parseYaml(readFileSync(path, 'utf8'));
  } catch (error) {
    faults.push(`${path} cannot be read: ${messageOf(error)}`);
    return found;
  }
  const visit = (node: unknown, name: string): void => {
    if (typeof node === 'object' && node !== null && !Array.isArray(node)) {
      for (const [key, child] of Object.entries(node)) visit(child, name === '' ? key : `${name}.${key}`);
    } else if (name in settings) found.set(name, Array.isArray(node) ? node.join(',') : String(node));
    else faults.push(`${name} in ${path} is unknown`);
  };
  visit(tree ?? {}, '');
  return found;
}

/** The settings of a command as text for `--help`. */
export function configHelp(settings: Settings): string {
  const rows = Object.entries(settings).map(([name, s]) => {
    const rest =
      s.default !== undefined ? ` (default ${s.default === '' ? 'none' : s.default})` : s.optional ? '' : ' (required)';
    return [flagOf(name), `${s.help}${rest}`] as const;
  });
  const width = Math.max(...rows.map(([flag]) => flag.length), 8);
  return [...rows, ['--config', 'YAML file with these settings'] as const]
    .map(([flag, text]) => `  ${flag.padEnd(width)}  ${text}`)
    .join('\n');
}

function splitOnce(text: string, by: string): [string, string | undefined] {
  const at = text.indexOf(by);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + by.length)];
}

const BOOLEAN = Symbol('boolean');
const isBoolean = (setting: Setting<unknown> | undefined): boolean => setting !== undefined && BOOLEAN in setting.parse;

export const text: Parse<string> = value => {
  if (value === '') throw new Error('a text that is not empty');
  return value;
};
export const boolean: Parse<boolean> = Object.assign(
  (value: string) => {
    if (value !== 'true' && value !== 'false') throw new Error('true or false');
    return value === 'true';
  },
  { [BOOLEAN]: true },
);
export const integer =
  (min: number, max: number): Parse<number> =>
  value => {
    const number = Number(value);
    if (value.trim() === '' || !Number.isInteger(number) || number < min || number > max)
      throw new Error(`an integer in ${min} to ${max}`);
    return number;
  };
export const number =
  (min: number, max: number): Parse<number> =>
  value => {
    const found = Number(value);
    if (value.trim() === '' || !Number.isFinite(found) || found < min || found > max)
      throw new Error(`a number in ${min} to ${max}`);
    return found;
  };
export const oneOf =
  <T extends string>(...choices: readonly T[]): Parse<T> =>
  value => {
    const found = choices.find(choice => choice === value);
    if (found === undefined) throw new Error(`one of ${choices.join(', ')}`);
    return found;
  };
export const listOf =
  <T>(parse: Parse<T>): Parse<readonly T[]> =>
  value =>
    value === '' ? [] : value.split(',').map(parse);
/** The same with at least one. */
export const someOf =
  <T>(parse: Parse<T>): Parse<readonly T[]> =>
  value => {
    if (value === '') throw new Error('a list that is not empty');
    return listOf(parse)(value);
  };
export const url =
  (...protocols: readonly string[]): Parse<string> =>
  value => {
    if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol))
      throw new Error(`a URL with ${protocols.join(' or ')}`);
    return value.replace(/\/$/, '');
  };
/** `address:port`. */
export const hostPort: Parse<{ readonly address: string; readonly port: number }> = value => {
  // an IPv6 address is in brackets (RFC 3986 §3.2.2)
  const [, ipv6, other, digits] = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/i.exec(value) ?? [];
  const address = ipv6 ?? other;
  const port = Number(digits);
  if (address === undefined || port < 1 || port > 65_535) throw new Error('ADDRESS:PORT');
  return { address, port };
};
