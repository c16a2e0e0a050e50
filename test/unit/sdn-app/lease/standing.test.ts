import assert from 'node:assert/strict';
import fc from 'fast-check';
import { STANDBY, stand, type LeaseEvent, type Standing } from '../../../../sdn-app/lease/standing.js';

const told = (holder: string, term: number): LeaseEvent => ({
  type: 'told',
  lease: { holder, url: `http://${holder}`, term },
});
const fenced = (term: number): LeaseEvent => ({ type: 'fenced', term });
const after = (...events: LeaseEvent[]): Standing =>
  events.reduce<Standing>((standing, event) => stand(standing, event, 'me'), STANDBY);

describe('the standing of an sdn-app', () => {
  it('is active with the term that the manager gave it', () =>
    assert.deepEqual(after(told('me', 3)), { at: 'active', term: 3 }));

  it('is a stand-by that knows who is active', () =>
    assert.deepEqual(after(told('other', 3)), { at: 'standby', active: { url: 'http://other', term: 3 } }));

  it('ends when the manager names another holder, not by an answer of an older term', () => {
    assert.equal(after(told('me', 3), told('other', 4)).at, 'standby');
    assert.equal(after(told('me', 3), told('other', 2)).at, 'active');
  });

  it('ends when a switch knows a higher term, and does not come back under the same one', () => {
    assert.equal(after(told('me', 3), fenced(3)).at, 'standby');
    assert.equal(after(told('me', 3), fenced(3), told('me', 3)).at, 'standby');
    assert.equal(after(told('me', 3), fenced(3), told('other', 4), told('me', 4)).at, 'active');
    assert.deepEqual(after(told('me', 3), fenced(3), told('me', 5)), { at: 'active', term: 5 });
  });

  it('is not ended by a refusal of a term before', () =>
    assert.deepEqual(after(told('me', 3), told('me', 4), fenced(3)), { at: 'active', term: 4 }));

  it('is the same object where nothing changed, so that a renewal begins nothing anew', () => {
    for (const events of [[told('me', 3)], [told('other', 3)], [told('other', 3), told('other', 3)]]) {
      const standing = after(...events);
      const last = events.at(-1);
      assert.ok(last !== undefined);
      assert.equal(stand(standing, last, 'me'), standing);
    }
  });

  it('never acts under a term lower than one it has acted under', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({ holder: fc.constantFrom('me', 'other'), term: fc.integer({ min: 1, max: 6 }) }),
            fc.integer({ min: 1, max: 6 }),
          ),
        ),
        moves => {
          let standing: Standing = STANDBY;
          let acted = 0;
          for (const move of moves) {
            const before = standing;
            standing = stand(standing, typeof move === 'number' ? fenced(move) : told(move.holder, move.term), 'me');
            if (standing.at !== 'active') continue;
            assert.ok(before.at === 'active' ? standing.term >= acted : standing.term > acted);
            acted = standing.term;
          }
        },
      ),
    ));
});
