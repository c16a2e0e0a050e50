import assert from 'node:assert/strict';
import { join } from 'node:path';
import { packageRoot } from '../../../../common/package-root.js';
import {
  linkNames,
  parseNetnsSpec,
  readNetnsSpec,
  topologyOf,
  type NetnsSpecInput,
} from '../../../../lab/netns/spec.js';
import { parseTopology } from '../../../../protocol/topology.js';
import { SMALL, TWO_SWITCHES } from '../../../fakes/netns-specs.js';

const but = (change: Partial<NetnsSpecInput>): NetnsSpecInput => ({ ...structuredClone(SMALL), ...change });

describe('the spec of a network of namespaces', () => {
  it('holds the very topology that sdn-app and md-manager read', () => {
    for (const input of [SMALL, TWO_SWITCHES]) {
      const topology = topologyOf(parseNetnsSpec(input));
      assert.deepEqual(parseTopology(structuredClone(topology)), topology);
    }
  });

  it('has static neighbours, no IPv6 and no slow link where nothing is said', () => {
    const { neighbours, ipv6, links, routers } = parseNetnsSpec(SMALL);
    assert.deepEqual([neighbours, ipv6, links, routers], ['static', false, {}, []]);
  });

  it('is read from a file; the example is one', () => {
    const spec = readNetnsSpec(join(packageRoot(), 'lab/netns/examples/two-edges.yaml'));
    assert.deepEqual(
      spec.cars.map(({ name, at }) => `${name} at ${at}`),
      ['car-1 at ap-1', 'car-2 at van'],
    );
    assert.deepEqual(spec.links, { 'control:1': { delayMs: 1, loss: 0 } });
    assert.throws(() => readNetnsSpec('/nowhere.yaml'), { code: 'TOPOLOGY_INVALID', message: /nowhere/ });
  });

  it('names all links that can be cut', () => {
    assert.deepEqual(linkNames(TWO_SWITCHES as never), [
      ...['control:1', 'access:ap-1', 'hosts:1:edge-1', 'trunk:1-2'],
      ...['control:2', 'access:ap-2', 'hosts:2:edge-2'],
    ]);
  });

  const FAULTS: Readonly<Record<string, readonly [NetnsSpecInput, RegExp]>> = {
    'a car at an access point that is not there': [but({ cars: [{ name: 'car-1', at: 'ap-9' }] }), /unknown ap-9/],
    'a router behind a router': [
      but({
        routers: [
          { name: 'a', at: 'ap-1' },
          { name: 'b', at: 'a' },
        ],
      }),
      /router b is at the unknown access point a/,
    ],
    'two places of one name': [but({ services: ['car-1'] }), /two places are called car-1/],
    'the name of a switch': [but({ services: ['sw-1'] }), /two places are called sw-1/],
    'the name of the wiring': [but({ cars: [{ name: 'wire', at: 'ap-1' }] }), /two places are called wire/],
    'a name that is no file name': [but({ services: ['../etc'] }), /services/],
    'a host of a domain without a port': [but({ hosts: [{ name: 'h', domain: 'core' }] }), /no switch has a host port/],
    'a link that is not there': [but({ links: { 'access:ap-9': {} } }), /there is no link access:ap-9/],
    'a loss above 1': [but({ links: { 'access:ap-1': { loss: 2 } } }), /loss/],
    'a fleet beside a router': [
      but({ cars: [{ name: 'f', at: 'ap-1', count: 2 }], routers: [{ name: 'r', at: 'ap-1' }] }),
      /a fleet cannot be/,
    ],
    'a word that means nothing': [{ ...SMALL, speed: 1 } as never, /speed/],
  };
  for (const [what, [input, message]] of Object.entries(FAULTS))
    it(`refuses ${what}`, () => assert.throws(() => parseNetnsSpec(input), { code: 'TOPOLOGY_INVALID', message }));

  it('refuses a trunk that leads nowhere', () => {
    const input = structuredClone(TWO_SWITCHES);
    input.topology.switches.pop();
    assert.throws(() => parseNetnsSpec(input), { code: 'TOPOLOGY_INVALID', message: /trunk of switch 1/ });
  });

  it('names all faults at once', () => {
    const input = structuredClone(TWO_SWITCHES);
    input.topology.switches[1]?.ports.push({ port: 9, role: 'access', domain: 'edge-1', accessPoint: 'ap-1' });
    assert.throws(() => parseNetnsSpec({ ...input, services: ['manager'], links: { 'service:1': {} } }), {
      code: 'TOPOLOGY_INVALID',
      message: /ap-1 is on two ports; there are services, but no service port; there is no link service:1/,
    });
  });
});
