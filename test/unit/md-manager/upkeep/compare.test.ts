import assert from 'node:assert/strict';
import { differences, lasting } from '../../../../md-manager/upkeep/compare.js';
import type { HostHealth } from '../../../../protocol/api/vmd.js';
import { hostRef } from '../../../fakes/host-refs.js';

const health = (name: string, ...vehicles: string[]): [string, HostHealth] => [
  name,
  {
    ...{ host: hostRef(name), pid: 1, startTicks: 1, stalledMs: 0 },
    slots: [
      ...vehicles.map((vehicle, slot) => ({ slot, state: 'assigned' as const, vehicle })),
      { slot: 9, state: 'ready' as const },
    ],
  },
];

describe('what books, hosts and claims differ in', () => {
  const found = (booked: string[], there: string[], claimed: string[]): string[] =>
    differences({
      books: new Map([['edge-1/1', booked]]),
      healths: new Map([health('edge-1/1', ...there)]),
      claimed: holder => claimed.includes(holder),
      isVehicle: holder => holder.startsWith('car-'),
    }).map(({ finding, holder }) => `${finding} ${holder}`);

  for (const [says, booked, there, claimed, wanted] of [
    ['nothing where all agree', ['car-1'], ['car-1'], ['car-1'], []],
    ['a slot that a host keeps for nobody', [], ['car-1'], [], ['slot-unknown car-1']],
    [
      'one that the books keep, too, as the host’s alone: it goes there first',
      ['car-1'],
      ['car-1'],
      [],
      ['slot-unknown car-1'],
    ],
    ['a slot that the books keep for nobody', ['car-1'], [], [], ['slot-unheld car-1']],
    ['a vehicle that its host does not know', ['car-1'], [], ['car-1'], ['slot-missing car-1']],
    ['not a ticket that its host does not know: it is told when it is used', ['ticket t'], [], ['ticket t'], []],
    ['a ticket that nobody keeps', ['ticket t'], [], [], ['slot-unheld ticket t']],
  ] as const)
    it(`is ${says}`, () => assert.deepEqual(found([...booked], [...there], [...claimed]), wanted));

  it('is nothing of a host that did not answer', () => {
    const books = new Map([['edge-1/1', ['car-1']]]);
    assert.deepEqual(differences({ books, healths: new Map(), claimed: () => false, isVehicle: () => true }), []);
  });

  it('is only what was there at both looks', () => {
    const one = { finding: 'slot-unheld', host: 'edge-1/1', holder: 'car-1' } as const;
    const other = { ...one, holder: 'car-2' };
    assert.deepEqual(lasting([one], [one, other]), [one]);
  });
});
