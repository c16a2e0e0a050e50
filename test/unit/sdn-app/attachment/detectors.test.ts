import assert from 'node:assert/strict';
import {
  DETECTORS,
  changeOf,
  detectorOf,
  isTrusted,
  parseDetectors,
  type Change,
  type Detector,
} from '../../../../sdn-app/attachment/detectors.js';
import { WAITING, placeOf, type State } from '../../../../sdn-app/attachment/machine.js';
import { LAB, ROUTER, at, copy, domainOf, portIs, reports, applied, restingAt, run, type Where } from './drive.js';

const changeTo = (port: number, where: Where = {}, state: State = restingAt(at(1)), authenticated = false): Change => {
  const place = at(port, where);
  return changeOf(state, { place, domain: domainOf(place) }, 'confirmed', authenticated);
};
const nameOf = (change: Change, table = DETECTORS): string => detectorOf(table, change).name;
const row = (more: Partial<Detector>): Detector => ({
  name: 'own',
  layer: 2,
  deadlineMs: 1_000,
  confirmedBy: ['lab'],
  when: {},
  ...more,
});

describe('detector table', () => {
  const SEEN: readonly (readonly [string, number, Where, string, 2 | 3])[] = [
    ['the same MAC address at another port', 2, {}, 'port', 2],
    ['a known source at another port, without a MAC address', 2, { mac: 'none' }, 'port', 2],
    ['a known source at another switch', 1, { datapath: 2 }, 'datapath', 2],
    ['the same MAC address and a new IP address', 1, { address: '10.0.0.9' }, 'address', 3],
    ['the same MAC address and a new IP address at another port', 2, { address: '10.0.0.9' }, 'address', 3],
    ['a new address without a MAC address', 1, { address: '10.0.0.9', mac: 'none' }, 'address', 3],
    ['a new MAC and a new IP address behind another router', 2, { address: '10.0.0.9', mac: ROUTER }, 'router', 3],
    ['the same address with a new source port', 1, { source: 6000 }, 'rebinding', 3],
    ['the same source from another station at its port', 1, { mac: ROUTER }, 'station', 2],
  ];
  for (const [name, port, where, detector, layer] of SEEN)
    it(`calls ${name} ${detector}`, () => {
      const found = detectorOf(DETECTORS, changeTo(port, where));
      assert.deepEqual([found.name, found.layer, found.deadlineMs], [detector, layer, layer === 2 ? 1_000 : 5_000]);
    });

  it('calls the first frame first, whatever it is', () =>
    assert.equal(nameOf(changeTo(2, { address: '10.0.0.9' }, WAITING)), 'first'));

  it('calls a move from a port that is down port-down, also to another switch', () => {
    const state = run([[5_000, portIs(1, false)]], LAB, restingAt(at(1))).state;
    assert.equal(nameOf(changeTo(2, {}, state)), 'port-down');
    assert.equal(nameOf(changeTo(1, { datapath: 2 }, state)), 'port-down');
  });

  it('lets no row of layer 3 be confirmed by a port', () =>
    assert.deepEqual(
      DETECTORS.filter(({ layer, confirmedBy }) => layer === 3 && confirmedBy.includes('access')),
      [],
    ));

  it('takes the first row that fits', () => {
    const table = [
      row({ name: 'a', when: { port: 'other', domain: 'other' } }),
      row({ name: 'b', when: { port: 'other' } }),
    ];
    assert.equal(nameOf(changeTo(11), table), 'a');
    assert.equal(nameOf(changeTo(2), table), 'b');
    assert.equal(nameOf(changeTo(2), [...table].reverse()), 'b');
  });

  it('fits one of several values of a fact', () => {
    const table = [row({ name: 'a', when: { mac: ['same', 'unknown'] } })];
    assert.deepEqual(
      [{}, { mac: 'none' } as const, { mac: ROUTER }].map(where => nameOf(changeTo(2, where), table)),
      ['a', 'a', 'unmatched'],
    );
  });

  it('fits nothing that cannot be compared', () =>
    assert.equal(nameOf(changeTo(2, {}, WAITING), [row({ when: { port: 'other' } })]), 'unmatched'));

  const FACTS: readonly (readonly [keyof Detector['when'], Detector['when'], Change, Change])[] = [
    ['domain', { domain: 'other' }, changeTo(11), changeTo(2)],
    ['datapath', { datapath: 'same' }, changeTo(2), changeTo(2, { datapath: 2 })],
    ['address', { address: 'other' }, changeTo(2, { address: '10.0.0.9' }), changeTo(2)],
    ['sourcePort', { sourcePort: 'same' }, changeTo(2), changeTo(2, { source: 6000 })],
    ['tag', { tag: 'confirmed' }, changeTo(2), { ...changeTo(2), tag: 'unconfirmed' }],
    ['authenticated', { authenticated: true }, changeTo(2, {}, restingAt(at(1)), true), changeTo(2)],
    ['portState', { portState: 'up' }, changeTo(2), { ...changeTo(2), portState: 'down' }],
    ['first', { first: false }, changeTo(2), changeTo(2, {}, WAITING)],
  ];
  for (const [fact, when, fits, not] of FACTS)
    it(`asks for ${fact}`, () => {
      assert.equal(nameOf(fits, [row({ when })]), 'own');
      assert.equal(nameOf(not, [row({ when })]), 'unmatched');
    });

  it('leaves a change that fits no row to a proof, in the lab, too', () => {
    const rules = { ...LAB, detectors: [] };
    const { state } = run([[5_000, copy(at(2))]], rules, restingAt(at(1)));
    assert.deepEqual([placeOf(state), state.doubts[0]?.detector], [at(1), 'unmatched']);
  });

  it('sends the name of the row with the report', () => {
    const rules = { ...LAB, detectors: [row({ name: 'my-own', when: { port: 'other' } })] };
    const { effects } = run(
      [
        [5_000, copy(at(2), { handover: 'b' })],
        [5_001, applied('b')],
      ],
      rules,
      restingAt(at(1)),
    );
    assert.equal(reports(effects)[0]?.detector, 'my-own');
  });

  it('demands of the access network more than a row can give away', () => {
    const generous = row({ confirmedBy: ['lab', 'access'] });
    const vouched = changeTo(2, {}, restingAt(at(1)), true);
    assert.equal(isTrusted('access', generous, vouched), true);
    assert.equal(isTrusted('proof', generous, vouched), false);
    assert.equal(isTrusted('access', row({}), vouched), false);
    for (const not of [
      { authenticated: false },
      { mac: 'unknown' },
      { mac: 'other' },
      { address: 'other' },
      { sourcePort: 'other' },
    ] as const)
      assert.equal(isTrusted('access', generous, { ...vouched, ...not }), false, JSON.stringify(not));
  });

  describe('in a file', () => {
    const own = { name: 'border', layer: 2, deadlineMs: 2_000, confirmedBy: ['lab'], when: { domain: 'other' } };

    it('comes before the built-in rows', () => {
      const table = parseDetectors({ rows: [own] });
      assert.deepEqual([nameOf(changeTo(11), table), nameOf(changeTo(2), table)], ['border', 'port']);
    });

    it('stands alone where it says so', () => assert.deepEqual(parseDetectors({ rows: [own], builtIn: false }), [own]));

    const WRONG: readonly (readonly [string, unknown])[] = [
      ['an unknown fact', { ...own, when: { colour: 'red' } }],
      ['an unknown value', { ...own, when: { port: 'left' } }],
      ['a layer 3 that a port confirms', { ...own, layer: 3, confirmedBy: ['access'] }],
      ['a level that never goes without proof', { ...own, confirmedBy: ['proof'] }],
      ['a name that is none', { ...own, name: 'A B' }],
      ['a deadline of nothing', { ...own, deadlineMs: 0 }],
      ['an unknown key', { ...own, prio: 1 }],
    ];
    for (const [name, wrong] of WRONG)
      it(`refuses ${name}`, () => assert.throws(() => parseDetectors({ rows: [wrong] }), { code: 'CONFIG_INVALID' }));

    it('refuses what is no table at all', () => {
      for (const tree of [undefined, null, 7, [], [own], { rows: own }])
        assert.throws(() => parseDetectors(tree), { code: 'CONFIG_INVALID' });
    });
  });
});
