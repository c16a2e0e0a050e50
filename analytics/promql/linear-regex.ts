import { promqlFault } from './promql-error.js';

/**
 * Regular expressions of label matchers (RE2's syntax, as much of it as label values need), anchored at both ends. Matching
 * takes time in proportion to text × expression, whatever the expression: JavaScript's own engine backtracks, and who asks
 * is a stranger. Literals, `.`, classes, groups, `|`, `* + ?`, `{n,m}`, `\d \w \s` and their opposites, `^`, `$`, `(?i)` in
 * front of all.
 */
type Instruction =
  | { readonly op: 'one'; readonly test: (code: number) => boolean }
  | { readonly op: 'split'; readonly to: readonly [number, number] }
  | { readonly op: 'jump'; readonly to: number }
  | { readonly op: 'begin' | 'end' | 'match' };

type Node =
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'one'; readonly test: (code: number) => boolean }
  | { readonly kind: 'all' | 'any'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number };

const MAX_LENGTH = 2_000;
const MAX_REPEAT = 1_000;
const MAX_INSTRUCTIONS = 20_000;
const MAX_DEPTH = 100;

/** A test for whole texts; throws `bad_data` where the expression is none, or asks for more than this knows. */
export function linearRegex(source: string): (text: string) => boolean {
  if (source.length > MAX_LENGTH)
    throw promqlFault('bad_data', `regular expressions have ${MAX_LENGTH} characters at most`);
  const foldCase = source.startsWith('(?i)');
  const program = compile(new RegexParser(foldCase ? source.slice(4) : source, foldCase).parse());
  return text => run(program, text);
}

const between = (low: number, high: number) => (code: number) => code >= low && code <= high;
const anyOf =
  (...tests: readonly ((code: number) => boolean)[]) =>
  (code: number) =>
    tests.some(test => test(code));
const not = (test: (code: number) => boolean) => (code: number) => !test(code);
const DIGIT = between(48, 57);
const WORD = anyOf(DIGIT, between(65, 90), between(97, 122), code => code === 95);
const SPACE = (code: number): boolean => code === 32 || (code >= 9 && code <= 13 && code !== 11);
const CLASSES: Readonly<Record<string, (code: number) => boolean>> = {
  d: DIGIT,
  D: not(DIGIT),
  w: WORD,
  W: not(WORD),
  s: SPACE,
  S: not(SPACE),
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };

class RegexParser {
  readonly #text: readonly string[];
  readonly #foldCase: boolean;
  #at = 0;
  #depth = 0;

  constructor(source: string, foldCase: boolean) {
    this.#text = [...source];
    this.#foldCase = foldCase;
  }

  parse(): Node {
    const node = this.#any();
    if (this.#at < this.#text.length) throw this.#fault('unexpected )');
    return node;
  }

  #fault(why: string): Error {
    return promqlFault('bad_data', `error parsing regexp: ${why}: ${this.#text.join('')}`);
  }

  #any(): Node {
    if (++this.#depth > MAX_DEPTH) throw this.#fault('groups stand too deep in one another');
    const nodes = [this.#all()];
    while (this.#text[this.#at] === '|') {
      this.#at++;
      nodes.push(this.#all());
    }
    this.#depth--;
    return { kind: 'any', nodes };
  }

  #all(): Node {
    const nodes: Node[] = [];
    for (
      let next = this.#text[this.#at];
      next !== undefined && next !== '|' && next !== ')';
      next = this.#text[this.#at]
    )
      nodes.push(this.#repeated());
    return { kind: 'all', nodes };
  }

  #repeated(): Node {
    const node = this.#atom();
    const range = this.#range();
    if (range === undefined) return node;
    // Lazy or greedy is the same to a match of the whole text.
    if (this.#text[this.#at] === '?') this.#at++;
    if (this.#range() !== undefined) throw this.#fault('invalid nested repetition operator');
    return { kind: 'repeat', node, ...range };
  }

  #range(): { readonly min: number; readonly max: number } | undefined {
    const short = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] }[this.#text[this.#at] ?? ''];
    if (short !== undefined) {
      this.#at++;
      return { min: short[0] ?? 0, max: short[1] ?? 0 };
    }
    const found = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(this.#text.slice(this.#at, this.#at + 12).join(''));
    if (found === null) return undefined;
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === '' ? Infinity : Number(found[3]);
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT) || min > max)
      throw this.#fault('invalid repeat count');
    this.#at += found[0].length;
    return { min, max };
  }

  #atom(): Node {
    const next = this.#text[this.#at++];
    if (next === '(') return this.#group();
    if (next === '[') return { kind: 'one', test: this.#class() };
    if (next === '.') return { kind: 'one', test: () => true };
    if (next === '^') return { kind: 'begin' };
    if (next === '$') return { kind: 'end' };
    if (next === '\\') return { kind: 'one', test: this.#escape() };
    if (next === '*' || next === '+' || next === '?') throw this.#fault('missing argument to repetition operator');
    return { kind: 'one', test: this.#literal(next?.codePointAt(0) ?? 0) };
  }

  #literal(code: number): (code: number) => boolean {
    if (!this.#foldCase) return other => other === code;
    const lower = String.fromCodePoint(code).toLowerCase();
    return other => String.fromCodePoint(other).toLowerCase() === lower;
  }

  #group(): Node {
    if (this.#text[this.#at] === '?') {
      if (this.#text[this.#at + 1] !== ':') throw this.#fault('only (?:…) of the groups with a question mark is known');
      this.#at += 2;
    }
    const node = this.#any();
    if (this.#text[this.#at++] !== ')') throw this.#fault('missing closing )');
    return node;
  }

  #escape(): (code: number) => boolean {
    const next = this.#text[this.#at++];
    if (next === undefined) throw this.#fault('trailing backslash at end of expression');
    const named = CLASSES[next];
    if (named !== undefined) return named;
    return this.#literal(this.#escaped(next));
  }

  #escaped(next: string): number {
    const control = CONTROLS[next];
    if (control !== undefined) return control;
    if (/[A-Za-z0-9]/.test(next)) throw this.#fault(`invalid escape sequence \\${next}`);
    return next.codePointAt(0) ?? 0;
  }

  #class(): (code: number) => boolean {
    const negated = this.#text[this.#at] === '^';
    if (negated) this.#at++;
    const tests: ((code: number) => boolean)[] = [];
    for (let first = true; first || this.#text[this.#at] !== ']'; first = false) {
      const low = this.#classPart();
      if (typeof low === 'function') tests.push(low);
      else if (this.#text[this.#at] === '-' && this.#text[this.#at + 1] !== ']') {
        this.#at++;
        const high = this.#classPart();
        if (typeof high === 'function' || high < low) throw this.#fault('invalid character class range');
        tests.push(this.#foldCase ? foldedRange(low, high) : between(low, high));
      } else tests.push(this.#literal(low));
    }
    this.#at++;
    return negated ? not(anyOf(...tests)) : anyOf(...tests);
  }

  #classPart(): number | ((code: number) => boolean) {
    const next = this.#text[this.#at++];
    if (next === undefined) throw this.#fault('missing closing ]');
    if (next !== '\\') return next.codePointAt(0) ?? 0;
    const escaped = this.#text[this.#at++];
    if (escaped === undefined) throw this.#fault('missing closing ]');
    return CLASSES[escaped] ?? this.#escaped(escaped);
  }
}

function foldedRange(low: number, high: number): (code: number) => boolean {
  const inside = between(low, high);
  return code => {
    const text = String.fromCodePoint(code);
    return inside(text.toLowerCase().codePointAt(0) ?? 0) || inside(text.toUpperCase().codePointAt(0) ?? 0);
  };
}

/** Thompson's construction. */
function compile(root: Node): readonly Instruction[] {
  const program: Instruction[] = [];
  const add = (instruction: Instruction): number => {
    if (program.length >= MAX_INSTRUCTIONS) throw promqlFault('bad_data', 'error parsing regexp: expression too large');
    return program.push(instruction) - 1;
  };
  let emitted = 0;
  const emit = (node: Node): void => {
    // Repeated groups without content add no instruction, but take their time.
    if (++emitted > 4 * MAX_INSTRUCTIONS) throw promqlFault('bad_data', 'error parsing regexp: expression too large');
    if (node.kind === 'one') add({ op: 'one', test: node.test });
    else if (node.kind === 'all') for (const one of node.nodes) emit(one);
    else if (node.kind === 'any') emitAny(node.nodes);
    else if (node.kind === 'repeat') emitRepeat(node);
    else add({ op: node.kind });
  };
  const emitAny = (nodes: readonly Node[]): void => {
    const ends: number[] = [];
    for (const [i, node] of nodes.entries()) {
      if (i === nodes.length - 1) {
        emit(node);
        break;
      }
      const split = add({ op: 'jump', to: 0 });
      emit(node);
      ends.push(add({ op: 'jump', to: 0 }));
      program[split] = { op: 'split', to: [split + 1, program.length] };
    }
    for (const end of ends) program[end] = { op: 'jump', to: program.length };
  };
  const emitRepeat = ({ node, min, max }: Extract<Node, { kind: 'repeat' }>): void => {
    for (let i = 0; i < min; i++) emit(node);
    if (max === Infinity) {
      const split = add({ op: 'jump', to: 0 });
      emit(node);
      add({ op: 'jump', to: split });
      program[split] = { op: 'split', to: [split + 1, program.length] };
      return;
    }
    const splits: number[] = [];
    for (let i = min; i < max; i++) {
      splits.push(add({ op: 'jump', to: 0 }));
      emit(node);
    }
    for (const split of splits) program[split] = { op: 'split', to: [split + 1, program.length] };
  };
  emit(root);
  add({ op: 'match' });
  return program;
}

function run(program: readonly Instruction[], text: string): boolean {
  const codes = Array.from(text, one => one.codePointAt(0) ?? 0);
  let now = new Set<number>();
  reach(program, now, 0, 0, codes.length);
  for (const [at, code] of codes.entries()) {
    const next = new Set<number>();
    for (const pc of now) {
      const instruction = program[pc];
      if (instruction?.op === 'one' && instruction.test(code)) reach(program, next, pc + 1, at + 1, codes.length);
    }
    if (next.size === 0) return false;
    now = next;
  }
  return now.has(program.length - 1);
}

/** Adds what can be reached from `start` without taking a character. */
function reach(program: readonly Instruction[], set: Set<number>, start: number, at: number, length: number): void {
  const open = [start];
  for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
    if (set.has(pc)) continue;
    set.add(pc);
    const instruction = program[pc];
    if (instruction === undefined) continue;
    if (instruction.op === 'split') open.push(instruction.to[1], instruction.to[0]);
    else if (instruction.op === 'jump') open.push(instruction.to);
    else if ((instruction.op === 'begin' && at === 0) || (instruction.op === 'end' && at === length)) open.push(pc + 1);
  }
}
