import assert from 'node:assert/strict';
import fc from 'fast-check';
import { planOf } from '../../../../lab/netns/lay-plan.js';
import type { Mobile } from '../../../../lab/netns/plan.js';
import {
  addressLines,
  attachmentOf,
  fleetLines,
  mobileLines,
  moveLines,
  neighbourLines,
  readdressLines,
} from '../../../../lab/netns/routes.js';
import { parseNetnsSpec, type NetnsSpecInput } from '../../../../lab/netns/spec.js';
import { SMALL } from '../../../fakes/netns-specs.js';

const IPV4 = { ipv6: false, neighbours: 'static' } as const;
const mobilesOf = (input: NetnsSpecInput): readonly Mobile[] => planOf(parseNetnsSpec(input)).mobiles;
const [car] = mobilesOf(SMALL) as [Mobile];
const at = (mobile: Mobile, name: string): ReturnType<typeof attachmentOf> => attachmentOf(mobile, name);

/** A model of the kernel's tables: routes by prefix and table, rules in their order, addresses. */
function tablesAfter(lines: readonly string[]): {
  routes: Map<string, string>;
  rules: string[];
  addresses: Set<string>;
} {
  const routes = new Map<string, string>();
  const rules: string[] = [];
  const addresses = new Set<string>();
  for (const line of lines) {
    const [object, verb, what = ''] = line.split(' ');
    const device = / dev (\S+)/.exec(line)?.[1] ?? '';
    const table = / table (\S+)/.exec(line)?.[1] ?? 'main';
    const rule = line.replace(/^rule (add|del) /, '');
    if (object === 'route') routes.set(`${table} ${what}`, `${device} ${/ src (\S+)/.exec(line)?.[1] ?? ''}`.trim());
    else if (object === 'rule' && verb === 'add') rules.push(rule);
    else if (object === 'rule') rules.splice(rules.indexOf(rule), 1);
    else if (object === 'addr' && verb === 'del') addresses.delete(`${what} ${device}`);
    else if (object === 'addr') addresses.add(`${what} ${device}`);
    else assert.fail(`unexpected: ${line}`);
  }
  return { routes, rules, addresses };
}

describe('lines that move a car', () => {
  it('lead all that it sends to the new port, from the address that it has', () => {
    const lines = [
      ...mobileLines(car, IPV4),
      ...moveLines(car, { to: at(car, 'ap-2'), addresses: car.addresses }, IPV4),
    ];
    assert.deepEqual(
      [...tablesAfter(lines).routes],
      [
        ['main 10.64.0.0/11', 's1p2 10.112.0.1'],
        ['main 10.96.0.0/11', 's1p2 10.112.0.1'],
      ],
    );
  });

  it('put it behind a router under an address of the router’s own network, and back', () => {
    const [, mobile] = mobilesOf({ ...SMALL, routers: [{ name: 'van', at: 'ap-2' }] }) as [Mobile, Mobile];
    const behind = moveLines(mobile, { to: at(mobile, 'van'), addresses: mobile.addresses }, IPV4);
    assert.deepEqual(behind, [
      'route replace 10.64.0.0/11 via 192.168.0.1 dev r0 onlink src 192.168.0.2',
      'route replace 10.96.0.0/11 via 192.168.0.1 dev r0 onlink src 192.168.0.2',
    ]);
    const back = moveLines(mobile, { to: at(mobile, 'ap-1'), addresses: mobile.addresses }, IPV4);
    assert.equal(tablesAfter([...behind, ...back]).routes.get('main 10.64.0.0/11'), 's1p1 10.112.0.1');
  });

  it('leave one rule for each address of a fleet, however it moves', () => {
    const [fleet] = mobilesOf({ ...SMALL, cars: [{ name: 'fleet', at: 'ap-1', count: 5 }] }) as [Mobile];
    const moves = fc.array(fc.tuple(fc.nat({ max: 4 }), fc.constantFrom('ap-1', 'ap-2')), { maxLength: 30 });
    fc.assert(
      fc.property(moves, steps => {
        const where = fleet.addresses.map(() => 'ap-1');
        const lines = [...mobileLines(fleet, IPV4)];
        for (const [index, to] of steps) {
          lines.push(...fleetLines(fleet, fleet.addresses[index]!, at(fleet, where[index]!), at(fleet, to)));
          where[index] = to;
        }
        const tables = { 'ap-1': 1000, 'ap-2': 1001 } as Record<string, number>;
        assert.deepEqual(
          tablesAfter(lines).rules.toSorted(),
          fleet.addresses.map((one, index) => `from ${one} pref 100 lookup ${tables[where[index]!]}`).toSorted(),
        );
      }),
    );
  });

  for (const neighbours of ['static', 'arp'] as const)
    it(`leave no IPv6 address behind: ${neighbours}`, () => {
      const family = { ipv6: true, neighbours };
      const lines = [
        ...mobileLines(car, family),
        ...moveLines(car, { from: at(car, 'ap-1'), to: at(car, 'ap-2'), addresses: car.addresses }, family),
      ];
      const own = ['10.112.0.1/32 lo', 'fded:9e00:0:112::1/128 lo'];
      const asked = neighbours === 'arp' ? ['fded:9e00:0:112::1/128 s1p2'] : [];
      assert.deepEqual([...tablesAfter(lines).addresses].toSorted(), [...own, ...asked].toSorted());
      const after = { ...car, addresses: ['10.112.0.9'] };
      const readdressed = [
        ...addressLines('10.112.0.9', 'add', family),
        ...readdressLines(car, after, at(car, 'ap-2'), family),
      ];
      const { addresses, routes } = tablesAfter([...lines, ...readdressed]);
      assert.deepEqual(
        [...addresses].toSorted(),
        [...own, ...asked].map(one => one.replace('.0.1/', '.0.9/').replace('::1/', '::9/')).toSorted(),
      );
      assert.equal(routes.get('main fded:9e00:0:64::/64'), 's1p2 fded:9e00:0:112::9');
    });

  it('say which way there is none', () => {
    assert.throws(() => at(car, 'ap-9'), { code: 'LAB_FAILED', message: /car-1 has no way to ap-9/ });
  });

  it('make the gateway a neighbour on every port, and every station one of every other', () => {
    const plan = planOf(parseNetnsSpec(SMALL));
    for (const device of ['s1p1', 's1p2'])
      assert.ok(
        neighbourLines(plan, 'car-1', IPV4).includes(
          `neigh replace 10.127.255.254 lladdr 02:ed:9e:00:00:01 dev ${device} nud permanent`,
        ),
      );
    const known = neighbourLines(plan, 'host-1', IPV4).map(line => line.split(' ')[2]);
    assert.deepEqual(known, ['10.127.255.254', '10.96.0.1', '10.96.32.1', '10.112.0.1']);
    assert.deepEqual(neighbourLines(plan, 'sw-1', IPV4), []);
  });
});
