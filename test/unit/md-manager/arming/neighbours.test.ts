import assert from 'node:assert/strict';
import { nextDomains } from '../../../../md-manager/arming/neighbours.js';
import { parseTopology, type Topology } from '../../../../protocol/topology.js';
import { attachmentIn } from '../../../fakes/host-refs.js';

/** Access points along a road, 1 km apart, each on the port of its number. */
const road = (change: (topology: Topology) => unknown = topology => topology): Topology =>
  parseTopology(
    change({
      domains: ['core', 'edge-1', 'edge-2', 'edge-3'],
      switches: [
        {
          datapath: 1,
          ports: [
            { port: 1, role: 'access', domain: 'edge-1', accessPoint: 'ap-1' },
            { port: 2, role: 'access', domain: 'edge-1', accessPoint: 'ap-2' },
            { port: 3, role: 'access', domain: 'edge-2', accessPoint: 'ap-3' },
            { port: 4, role: 'access', domain: 'edge-3', accessPoint: 'ap-4' },
            { port: 9, role: 'host', domain: 'core' },
          ],
        },
      ],
      accessPoints: [1, 2, 3, 4].map(n => ({
        id: `ap-${n}`,
        domain: ['edge-1', 'edge-1', 'edge-2', 'edge-3'][n - 1]!,
        latitude: 38,
        longitude: -1 + n * 0.01142,
        rangeM: 600,
      })),
    }),
  );

describe('domains that a car may enter next', () => {
  it('are those of access points whose coverage overlaps, its own domain left out', () => {
    assert.deepEqual(nextDomains(road(), attachmentIn('edge-1', 1)), []);
    assert.deepEqual(nextDomains(road(), attachmentIn('edge-1', 2)), [{ domain: 'edge-2', reason: 'neighbour ap-3' }]);
    assert.deepEqual(
      nextDomains(road(), attachmentIn('edge-2', 3))
        .map(({ domain }) => domain)
        .sort(),
      ['edge-1', 'edge-3'],
    );
  });

  it('are named nearest first', () => {
    const near = road(topology => {
      topology.accessPoints[3]!.longitude = topology.accessPoints[2]!.longitude + 0.001;
      return topology;
    });
    assert.deepEqual(
      nextDomains(near, attachmentIn('edge-2', 3)).map(({ reason }) => reason),
      ['neighbour ap-4', 'neighbour ap-2'],
    );
  });

  it('are those of the neighbours that the topology names, in that order, however far they are', () => {
    const named = road(topology => {
      topology.accessPoints[0]!.neighbours = ['ap-4', 'ap-2', 'ap-3'];
      return topology;
    });
    assert.deepEqual(nextDomains(named, attachmentIn('edge-1', 1)), [
      { domain: 'edge-3', reason: 'neighbour ap-4' },
      { domain: 'edge-2', reason: 'neighbour ap-3' },
    ]);
    assert.deepEqual(nextDomains(named, { ...attachmentIn('edge-1', 7), accessPoint: 'ap-1' }).length, 2);
  });

  it('are those of all other access ports of its switch where its position is not known', () => {
    const unplaced = road(topology => ({ ...topology, accessPoints: [] }));
    assert.deepEqual(nextDomains(unplaced, attachmentIn('edge-1', 2)), [
      { domain: 'edge-2', reason: 'same switch ap-3' },
      { domain: 'edge-3', reason: 'same switch ap-4' },
    ]);
  });
});
