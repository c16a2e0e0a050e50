import { NAME, labelOf, type Labels } from './labels.js';
import { linearRegex } from './linear-regex.js';

export type MatchOp = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
  readonly matches: (text: string) => boolean;
}

/** Throws `bad_data` where the value is no regular expression. */
export function makeMatcher(name: string, op: MatchOp, value: string): Matcher {
  const regex = op === '=~' || op === '!~' ? linearRegex(value) : undefined;
  const tests: Readonly<Record<MatchOp, (text: string) => boolean>> = {
    '=': text => text === value,
    '!=': text => text !== value,
    '=~': text => regex?.(text) === true,
    '!~': text => regex?.(text) === false,
  };
  return { name, op, value, matches: tests[op] };
}

export const matchesAll = (matchers: readonly Matcher[], labels: Labels): boolean =>
  matchers.every(({ name, matches }) => matches(labelOf(labels, name)));

/** Whether matchers of one label let a value through; labels without matchers let everything through. */
export const lets = (matchers: readonly Matcher[], name: string, value: string): boolean =>
  matchers.every(matcher => matcher.name !== name || matcher.matches(value));

export const nameMatcher = (name: string): Matcher => makeMatcher(NAME, '=', name);
