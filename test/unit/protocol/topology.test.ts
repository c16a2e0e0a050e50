import assert from 'node:assert/strict';
import {
  otherEnd,
  parseTopology,
  portTowards,
  trunkTowards,
  vlanOf,
  type Topology,
} from '../../../protocol/topology.js';

/** Three in a row: 1 – 2 – 3; hosts of `core` on 1, of `edge` on 3. */
const row = (): { domains: string[]; switches: { datapath: number; ports: unknown[] }[]; accessPoints: unknown[] } => ({
  domains: ['core', 'edge', 'none'],
  switches: [
    {
      datapath: 1,
      ports: [
        { port: 1, role: 'access', domain: 'edge', accessPoint: 'ap-1', vlan: 7 },
        { port: 11, role: 'host', domain: 'core' },
        { port: 20, role: 'trunk', peer: 2 },
      ],
    },
    {
      datapath: 2,
      ports: [
        { port: 21, role: 'trunk', peer: 1 },
        { port: 22, role: 'trunk', peer: 3 },
      ],
    },
    {
      datapath: 3,
      ports: [
        { port: 23, role: 'trunk', peer: 2 },
        { port: 12, role: 'host', domain: 'edge' },
      ],
    },
  ],
  accessPoints: [],
});

describe('topology of several switches', () => {
  const topology: Topology = parseTopology(row());

  it('tells the port by which hosts of a domain and other switches are reached', () => {
    assert.deepEqual(
      [1, 2, 3].map(at => [portTowards(topology, at, 'core'), portTowards(topology, at, 'edge')]),
      [
        [11, 20],
        [21, 22],
        [23, 12],
      ],
    );
    assert.equal(portTowards(topology, 1, 'none'), undefined);
    assert.deepEqual(
      [trunkTowards(topology, 1, 3), trunkTowards(topology, 3, 1), trunkTowards(topology, 1, 1)],
      [20, 23, undefined],
    );
  });

  it('knows both ends of a trunk, and the VLAN of an access port', () => {
    assert.deepEqual(
      [otherEnd(topology, 1, 20), otherEnd(topology, 3, 23), otherEnd(topology, 1, 11)],
      [21, 22, undefined],
    );
    assert.deepEqual([vlanOf(topology, 1, 1), vlanOf(topology, 1, 11)], [7, undefined]);
  });

  it('names every trunk that has no other end, or is one of two', () => {
    const half = row();
    half.switches[2]!.ports.shift();
    assert.throws(() => parseTopology(half), /trunk of switch 2 to switch 3 has no other end/);
    const twice = row();
    twice.switches[0]!.ports.push({ port: 24, role: 'trunk', peer: 2 });
    assert.throws(() => parseTopology(twice), /switch 1 has two trunks to switch 2/);
    const self = row();
    self.switches[0]!.ports.push({ port: 24, role: 'trunk', peer: 1 });
    assert.throws(() => parseTopology(self), /trunk of switch 1 to switch 1 has no other end/);
  });

  it('names an unknown neighbour of an access point', () => {
    const wrong = row();
    wrong.accessPoints.push({ id: 'ap-1', domain: 'edge', latitude: 0, longitude: 0, rangeM: 1, neighbours: ['ap-9'] });
    assert.throws(() => parseTopology(wrong), /ap-1 names the unknown neighbour ap-9/);
  });
});
