import assert from 'node:assert/strict';
import { readWords, type Asked } from '../../../cli/words.js';

const NAMES = ['device', 'demo', 'lab switch', 'lab radio'];

const CASES: readonly (readonly [string, Asked])[] = [
  ['', { is: 'usage' }],
  ['--help', { is: 'usage' }],
  ['-h', { is: 'usage' }],
  ['help', { is: 'usage' }],
  ['--version', { is: 'version' }],
  ['version', { is: 'version' }],
  ['help demo', { is: 'help', command: 'demo' }],
  ['help lab switch', { is: 'help', command: 'lab switch' }],
  ['demo --help', { is: 'help', command: 'demo' }],
  ['demo -h', { is: 'help', command: 'demo' }],
  ['demo --cars 3 --help', { is: 'help', command: 'demo' }],
  ['demo --cars 3', { is: 'run', command: 'demo', rest: ['--cars', '3'] }],
  ['lab switch --http x', { is: 'run', command: 'lab switch', rest: ['--http', 'x'] }],
  // of the program that is run, not of ours
  ['lab switch exec ls -h', { is: 'run', command: 'lab switch', rest: ['exec', 'ls', '-h'] }],
  ['dmeo', { is: 'unknown', words: 'dmeo', near: NAMES }],
  ['help dmeo', { is: 'unknown', words: 'dmeo', near: NAMES }],
  ['lab', { is: 'unknown', words: 'lab', near: ['lab switch', 'lab radio'] }],
  ['lab --help', { is: 'unknown', words: 'lab', near: ['lab switch', 'lab radio'] }],
  ['lab car', { is: 'unknown', words: 'lab car', near: ['lab switch', 'lab radio'] }],
  // names that every object has
  ['toString', { is: 'unknown', words: 'toString', near: NAMES }],
  ['__proto__', { is: 'unknown', words: '__proto__', near: NAMES }],
];

describe('the words of a command line', () => {
  for (const [line, asked] of CASES)
    it(`'edgetwin ${line}' asks for ${JSON.stringify(asked)}`, () =>
      assert.deepEqual(readWords(line.split(' ').filter(Boolean), NAMES), asked));
});
