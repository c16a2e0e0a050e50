import assert from 'node:assert/strict';
import { chooseReceiver, forgetReceiver, NO_CHOICE, type ChoiceState } from '../../../../device/gps/receiver-choice.js';
import type { FixMode } from '../../../../device/gps/tpv.js';

type Look = readonly [device: string | undefined, mode: FixMode, atMs: number];
function follow(looks: readonly Look[], from: ChoiceState = NO_CHOICE): boolean[] {
  let state = from;
  return looks.map(([device, mode, atMs]) => {
    const found = chooseReceiver(state, device, mode, atMs);
    state = found.state;
    return found.isMine;
  });
}

describe('choice among receivers', () => {
  it('keeps to the first while it has a fix', () =>
    assert.deepEqual(
      follow([
        ['a', 3, 0],
        ['b', 3, 10],
        ['a', 3, 1_000],
        ['b', 3, 1_010],
      ]),
      [true, false, true, false],
    ));
  it('takes the other when the first falls silent', () =>
    assert.deepEqual(
      follow([
        ['a', 3, 0],
        ['b', 3, 2_000],
        ['b', 3, 4_000],
        ['a', 3, 4_010],
      ]),
      [true, false, true, false],
    ));
  it('takes the other when only that one has a fix', () =>
    assert.deepEqual(
      follow([
        ['a', 1, 0],
        ['b', 1, 100],
        ['b', 3, 200],
      ]),
      [true, false, true],
    ));
  it('does not change for one without a fix either', () =>
    assert.deepEqual(
      follow([
        ['a', 3, 0],
        ['a', 1, 1_000],
        ['a', 1, 5_000],
        ['b', 1, 5_100],
      ]),
      [true, true, true, false],
    ));
  it('takes the next at once when the one that was followed went', () => {
    const { state } = chooseReceiver(NO_CHOICE, 'a', 3, 0);
    assert.deepEqual(follow([['b', 3, 10]], forgetReceiver(state, 'a')), [true]);
    assert.deepEqual(follow([['b', 3, 10]], forgetReceiver(state, 'c')), [false]);
  });
  it('follows a receiver without a name', () =>
    assert.deepEqual(
      follow([
        [undefined, 3, 0],
        [undefined, 3, 1],
      ]),
      [true, true],
    ));
});
