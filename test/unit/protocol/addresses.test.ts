import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  LOOPBACK_PLAN,
  MAX_IN_PORT,
  MAX_NUMBER,
  NETWORK_PLAN,
  aliasAddress,
  decodeTag,
  encodeTag,
  ipv4ToNumber,
  numberOfAddress,
  numberToIpv4,
  twinAddress,
} from '../../../protocol/addresses.js';
import { hostPortOf, parseTopology } from '../../../protocol/topology.js';

describe('addresses', () => {
  it('of a vehicle are its number within the prefixes', () => {
    assert.equal(twinAddress(LOOPBACK_PLAN, 1), '127.64.0.1');
    assert.equal(aliasAddress(LOOPBACK_PLAN, 0x1ffff), '127.81.255.255');
    assert.equal(twinAddress(NETWORK_PLAN, MAX_NUMBER), '10.79.255.255');
    fc.assert(
      fc.property(fc.nat(MAX_NUMBER), number => {
        assert.equal(numberOfAddress('127.64.0.0', twinAddress(LOOPBACK_PLAN, number)), number);
        assert.equal(numberOfAddress('127.64.0.0', aliasAddress(LOOPBACK_PLAN, number)), undefined);
      }),
    );
  });

  it('come back from numbers, and are refused where they are none', () => {
    fc.assert(fc.property(fc.ipV4(), address => assert.equal(numberToIpv4(ipv4ToNumber(address)), address)));
    for (const wrong of ['', '1.2.3', '1.2.3.256', '1.2.3.4.5', '1.2.3.x', '::1', '1.2.3.-4'])
      assert.throws(() => ipv4ToNumber(wrong), { code: 'REQUEST_INVALID' });
  });

  it('tags come back, are never below 2,049, and fit a port', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.integer({ min: 1, max: 15 }),
        fc.integer({ min: 1, max: MAX_IN_PORT }),
        (unconfirmed, datapath, inPort) => {
          const port = encodeTag({ unconfirmed, datapath, inPort });
          assert.ok(port >= 2_049 && port <= 65_535);
          assert.deepEqual(decodeTag(port), { unconfirmed, datapath, inPort });
        },
      ),
    );
    for (const [datapath, inPort] of [
      [0, 1],
      [16, 1],
      [1, 0],
      [1, 2_048],
    ] as const)
      assert.throws(() => encodeTag({ unconfirmed: false, datapath, inPort }), { code: 'FLOW_INVALID' });
  });
});

describe('a topology', () => {
  const good = {
    domains: ['core', 'edge-1'],
    switches: [
      {
        datapath: 1,
        ports: [
          { port: 1, role: 'access', domain: 'edge-1', accessPoint: 'ap-1' },
          { port: 2, role: 'host', domain: 'edge-1' },
          { port: 3, role: 'service' },
        ],
      },
    ],
    accessPoints: [{ id: 'ap-1', domain: 'edge-1', latitude: 1, longitude: 2, rangeM: 300 }],
  };

  it('is read, and knows the port of the hosts of a domain', () => {
    const topology = parseTopology(good);
    assert.equal(hostPortOf(topology, 1, 'edge-1'), 2);
    assert.equal(hostPortOf(topology, 1, 'core'), undefined);
    assert.equal(hostPortOf(topology, 2, 'edge-1'), undefined);
  });

  it('is refused with every fault at once', () => {
    const bad = structuredClone(good);
    bad.switches[0]!.ports.push({ port: 2, role: 'host', domain: 'mars' });
    bad.accessPoints.push({ id: 'ap-9', domain: 'venus', latitude: 1, longitude: 2, rangeM: 300 });
    assert.throws(() => parseTopology(bad), {
      code: 'TOPOLOGY_INVALID',
      detail: /port 2 twice.*mars.*venus.*ap-9 is on no port/,
    });
    for (const wrong of [null, {}, { ...good, extra: 1 }, { ...good, domains: [] }])
      assert.throws(() => parseTopology(wrong), { code: 'TOPOLOGY_INVALID' });
  });
});
