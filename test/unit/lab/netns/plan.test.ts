import assert from 'node:assert/strict';
import fc from 'fast-check';
import { buildScript, needsRelay, relayDevices } from '../../../../lab/netns/build-script.js';
import { planOf } from '../../../../lab/netns/lay-plan.js';
import type { Plan } from '../../../../lab/netns/plan.js';
import { parseNetnsSpec, type NetnsSpecInput } from '../../../../lab/netns/spec.js';
import { SMALL, TWO_SWITCHES } from '../../../fakes/netns-specs.js';

const ports = fc.uniqueArray(fc.integer({ min: 1, max: 2047 }), { minLength: 3, maxLength: 12 });
/** Networks with the highest numbers that a topology can have, of every kind of place. */
const anySpec: fc.Arbitrary<NetnsSpecInput> = fc
  .record({
    datapath: fc.integer({ min: 1, max: 15 }),
    ports,
    cars: fc.integer({ min: 0, max: 3 }),
    routers: fc.integer({ min: 0, max: 2 }),
    hosts: fc.integer({ min: 0, max: 3 }),
    slow: fc.boolean(),
    neighbours: fc.constantFrom('static' as const, 'arp' as const),
    ipv6: fc.boolean(),
  })
  .map(({ datapath, ports: [host = 1, service = 2, ...access], cars, routers, hosts, slow, neighbours, ipv6 }) => ({
    topology: {
      domains: ['edge-1'],
      switches: [
        {
          datapath,
          ports: [
            { port: host, role: 'host', domain: 'edge-1' },
            { port: service, role: 'service' },
            ...access.map(port => ({ port, role: 'access' as const, domain: 'edge-1', accessPoint: `ap-${port}` })),
          ],
        },
      ],
      accessPoints: [],
    },
    hosts: Array.from({ length: hosts }, (_, index) => ({ name: `host-${index}`, domain: 'edge-1' })),
    services: ['manager'],
    cars: Array.from({ length: cars }, (_, index) => ({ name: `car-${index}`, at: `ap-${access[0]}` })),
    routers: Array.from({ length: routers }, (_, index) => ({ name: `router-${index}`, at: `ap-${access[0]}` })),
    links: slow ? { [`access:ap-${access[0]}`]: { delayMs: 1 }, [`control:${datapath}`]: { delayMs: 8 } } : {},
    neighbours,
    ipv6,
  }));

/** Every device that the plan makes, with its place. */
const devicesOf = (plan: Plan): readonly string[] => [
  ...plan.wires.flatMap(({ from, to }) => [from, to]).map(({ place, device }) => `${place} ${device}`),
  ...plan.bridges.map(({ place, device }) => `${place} ${device}`),
  ...plan.wires.filter(needsRelay).flatMap(wire => relayDevices(wire).map(device => `wire ${device}`)),
];

describe('the plan of a network of namespaces', () => {
  it('gives every device of a place a name of its own that the kernel takes', () => {
    fc.assert(
      fc.property(anySpec, input => {
        const devices = devicesOf(planOf(parseNetnsSpec(input)));
        assert.deepEqual(devices.toSorted(), [...new Set(devices)].toSorted());
        for (const device of devices) assert.match(device, /^[a-z0-9-]+ [a-z0-9]{1,15}$/);
      }),
    );
  });

  it('gives every place an IP and a MAC address of its own', () => {
    fc.assert(
      fc.property(anySpec, input => {
        const plan = planOf(parseNetnsSpec(input));
        const addresses = [
          ...plan.mobiles.flatMap(({ addresses, lan }) => [...addresses, ...(lan === undefined ? [] : [lan])]),
          ...plan.stations.flatMap(({ address, controlAddress }) => [address, controlAddress]),
          ...plan.switches.map(({ controlAddress }) => controlAddress),
        ];
        const macs = [...plan.mobiles, ...plan.stations].map(({ mac }) => mac);
        assert.deepEqual([new Set(addresses).size, new Set(macs).size], [addresses.length, macs.length]);
      }),
    );
  });

  it('plugs every end of a wire into a place that is there, and every bridge port into a bridge of its place', () => {
    fc.assert(
      fc.property(anySpec, input => {
        const plan = planOf(parseNetnsSpec(input));
        for (const end of plan.wires.flatMap(({ from, to }) => [from, to])) {
          assert.ok(plan.places.includes(end.place), end.place);
          if (end.bridge !== undefined)
            assert.ok(
              plan.bridges.some(({ place, device }) => place === end.place && device === end.bridge),
              JSON.stringify(end),
            );
        }
      }),
    );
  });

  it('keeps the numbers of ports and the names of access points', () => {
    const plan = planOf(parseNetnsSpec(SMALL));
    assert.deepEqual(plan.switches, [
      {
        datapath: 1,
        place: 'sw-1',
        controlAddress: '172.31.0.1',
        ports: [1, 2, 101, 102, 200].map(port => ({ port, device: `s1p${port}` })),
      },
    ]);
    assert.deepEqual(
      plan.mobiles.map(({ name, attachments }) => [name, attachments.map(one => [one.name, one.device])]),
      [
        [
          'car-1',
          [
            ['ap-1', 's1p1'],
            ['ap-2', 's1p2'],
          ],
        ],
      ],
    );
  });

  it('has one wire for a trunk, between the two ports that name each other', () => {
    const trunks = planOf(parseNetnsSpec(TWO_SWITCHES)).wires.filter(({ link }) => link?.startsWith('trunk'));
    assert.deepEqual(trunks, [
      {
        link: 'trunk:1-2',
        from: { place: 'sw-1', device: 's1p302' },
        to: { place: 'sw-2', device: 's2p301' },
        quality: { delayMs: 2, loss: 0 },
      },
    ]);
  });

  it('turns checksum offload off on every device of every car, host and service', () => {
    const spec = parseNetnsSpec(SMALL);
    const plan = planOf(spec);
    const script = buildScript(plan, spec);
    for (const place of [...plan.mobiles, ...plan.stations].map(({ name }) => name)) {
      const inside = script
        .split("<<'INSIDE'")
        .filter((_, index, all) => index > 0 && all[index - 1]?.endsWith(`/run/netns/${place} sh -e `))
        .join('');
      for (const { device } of plan.wires.flatMap(({ from, to }) => [from, to]).filter(end => end.place === place))
        assert.match(inside, new RegExp(`for device in [^;]*\\b${device}\\b[^;]*; do ethtool -K "\\$device" tx off`));
    }
  });
});
