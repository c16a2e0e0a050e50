import { CONTROLLERS, type Controller } from '../../lab/site/parts.js';
import { WAYS as ALL_WAYS, type Way } from '../../protocol/api/common.js';

/**
 * What is measured, and how often: words `n=20 ways=paper,armed delays=0,8 controllers=ryu,openflow` after the name of the benchmark; `only=missing`
 * goes on where an earlier run was ended.
 */
export interface NetworkOptions {
  /** Hand-overs a row. */
  readonly handovers: number;
  readonly ways: readonly (Way | 'paper')[];
  /** Distances of the controller, one way. */
  readonly delaysMs: readonly number[];
  /** What our ways go through; `paper` is an app of Ryu in any case. */
  readonly controllers?: readonly Controller[];
  /** Sizes of storms and tables. */
  readonly cars?: readonly number[];
  /** Cases that the file has already, with as many hand-overs, are left as they are. */
  readonly only?: 'missing';
}

const CHOICES = ['paper', ...ALL_WAYS] as const;
const isChoice = (word: string): word is (typeof CHOICES)[number] => (CHOICES as readonly string[]).includes(word);

const WORDS: Readonly<Record<string, (value: string) => Partial<NetworkOptions>>> = {
  n: value => ({ handovers: numberOf(value) }),
  ways: value => ({ ways: value.split(',').map(wayOf) }),
  delays: value => ({ delaysMs: value.split(',').map(numberOf) }),
  controllers: value => ({ controllers: value.split(',').map(controllerOf) }),
  cars: value => ({ cars: value.split(',').map(numberOf) }),
  only: value => {
    if (value !== 'missing') throw new Error(`'${value}' is not missing`);
    return { only: value };
  },
};

/** Throws an Error that names the word. */
export function networkOptions(words: readonly string[], defaults: Partial<NetworkOptions> = {}): NetworkOptions {
  const given = words.map(word => {
    const [name = '', value = ''] = word.split('=');
    const read = Object.hasOwn(WORDS, name) ? WORDS[name] : undefined;
    if (read === undefined) throw new Error(`'${word}': known are ${Object.keys(WORDS).join(', ')}`);
    return read(value);
  });
  return Object.assign({ handovers: 300, ways: CHOICES, delaysMs: [0, 1, 8] }, defaults, ...given) as NetworkOptions;
}

function numberOf(text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || value < 0) throw new Error(`'${text}' is no number`);
  return value;
}

function wayOf(text: string): Way | 'paper' {
  if (!isChoice(text)) throw new Error(`'${text}' is none of ${CHOICES.join(', ')}`);
  return text;
}

function controllerOf(text: string): Controller {
  const found = CONTROLLERS.find(each => each === text);
  if (found === undefined) throw new Error(`'${text}' is none of ${CONTROLLERS.join(', ')}`);
  return found;
}
