import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Resources } from '../../../common/lifecycle.js';
import { GATEWAY_MAC, hostMac, ipv4ToNumber } from '../../../protocol/addresses.js';
import { ipv6ToHex, isIpv6 } from '../../../protocol/ipv6.js';
import { baseFlows } from '../../../sdn-app/redirect/base.js';
import { vehicleFlows } from '../../../sdn-app/redirect/vehicle.js';
import { refuseFlow } from '../../../sdn-app/switch/flow-check.js';
import { FIELD_BITS, type Action, type Flow, type Masked, type Match } from '../../../sdn-app/switch/flow-switch.js';
import { arbitraryAction, arbitraryWide } from '../../fakes/arbitrary-flows.js';
import { ALIAS, CAR, CAR6, CAR_MAC, CORE, TWIN, TWIN6, networkOf } from '../../unit/sdn-app/redirect/world.js';
import { CONTROLLERS } from './controllers.js';
import { SideBySide, type UdpHeaders } from './side-by-side.js';
import { PORTS, connected, openStage } from './stage.js';
import { HOSTS, placesAt, trusts, viewsOf } from '../../unit/sdn-app/redirect/arbitrary-views.js';

const ALIAS6 = TWIN6.replace(':64:', ':80:');
const IN_PORTS = PORTS.filter(port => port !== 4);

for (const { name, needs, open } of CONTROLLERS)
  describe(`the model of a switch and Open vSwitch ${name}`, function () {
    this.timeout(300_000);
    let all: Resources;
    let both: SideBySide;
    before(needs);
    before(async () => {
      all = new Resources();
      const stage = all.use(await openStage());
      const flowSwitch = all.use(await open(stage)).switchOf(1);
      await connected(flowSwitch);
      both = new SideBySide(stage, flowSwitch);
    });
    after(() => all?.[Symbol.asyncDispose]());

    it('do the same with every packet of a vehicle, whatever the app knows of it', async () => {
      await fc.assert(
        fc.asyncProperty(
          views,
          trusts,
          fc.array(packets, { minLength: 5, maxLength: 15 }),
          async (view, trust, sent) => {
            const network = networkOf({ trust });
            await both.install([...baseFlows(network, 1), ...vehicleFlows(network, 1, view)]);
            for (const { inPort, headers } of sent)
              for (const { port, headers: out } of await both.compare(inPort, headers))
                // a host answers where it was spoken to from
                if (port >= 11 && out.family !== 'other') await both.compare(port, answerTo(out as UdpHeaders));
          },
        ),
        { numRuns: 60 },
      );
      assert.ok(both.compared > 300);
    });

    it('do the same with any flows', async () => {
      const before = both.compared;
      await fc.assert(
        fc.asyncProperty(cases, async ({ flows, sent }) => {
          await both.install(flows);
          for (const { inPort, headers } of sent) await both.compare(inPort, headers);
        }),
        { numRuns: 300 },
      );
      assert.ok(both.compared - before > 600);
    });
  });

// vehicles

const views = viewsOf(placesAt([1, 2, 3, 4]));

const ends = [
  CAR,
  '10.112.0.9',
  CAR6,
  TWIN,
  TWIN6,
  ALIAS,
  ALIAS6,
  ...HOSTS.flatMap(({ address, address6 }) => [address, address6 ?? '']),
];
/** Of a datagram of the car more often than of anything else. */
const packets: fc.Arbitrary<{ inPort: number; headers: UdpHeaders }> = fc
  .record({
    inPort: fc.constantFrom(1, 2, 3, ...IN_PORTS),
    src: fc.constantFrom(CAR, CAR6, ...ends),
    dst: fc.constantFrom(TWIN, TWIN, TWIN6, ALIAS, ALIAS6, ...ends),
    udpSrc: fc.constantFrom(5683, 5683, 6000),
    udpDst: fc.constantFrom(5683, 5683, 5683, 0x800 + 1, 0x800 + 2, 0x800 + 3, 0x8800 + 2, 0x1000 + 4, 0x9000 + 4),
    vlan: fc.constantFrom(undefined, undefined, 30, 31),
    ethSrc: fc.constantFrom(CAR_MAC, 0x020000000001, GATEWAY_MAC, hostMac(CORE.address)),
    ethDst: fc.constantFrom(GATEWAY_MAC, CAR_MAC, 0xffffffffffff),
  })
  .filter(({ src, dst }) => isIpv6(src) === isIpv6(dst))
  .map(({ inPort, src, dst, vlan, ...rest }) => {
    const tag = (inPort === 3 && vlan === undefined) || inPort !== 3 ? vlan : 30;
    const low = { ...rest, ...(tag === undefined ? {} : { vlan: tag }) };
    const headers: UdpHeaders = isIpv6(src)
      ? { ...low, family: 'ipv6', ip6Src: ipv6ToHex(src), ip6Dst: ipv6ToHex(dst) }
      : { ...low, family: 'ipv4', ipSrc: ipv4ToNumber(src), ipDst: ipv4ToNumber(dst) };
    return { inPort, headers };
  });

function answerTo(out: UdpHeaders): UdpHeaders {
  const low = { ...out, ethSrc: out.ethDst, ethDst: out.ethSrc, udpSrc: out.udpDst, udpDst: out.udpSrc };
  return out.family === 'ipv6'
    ? { ...low, family: 'ipv6', ip6Src: out.ip6Dst, ip6Dst: out.ip6Src }
    : ({ ...low, family: 'ipv4', ipSrc: out.ipDst, ipDst: out.ipSrc } as UdpHeaders);
}

// any flows: matches are made from a packet, so that they are met

const number = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
const anyPacket: fc.Arbitrary<{ inPort: number; headers: UdpHeaders }> = fc
  .tuple(
    fc.constantFrom(...IN_PORTS),
    fc.record(
      {
        ethSrc: number(48),
        ethDst: number(48),
        vlan: fc.integer({ min: 1, max: 4094 }),
        udpSrc: number(16),
        udpDst: number(16),
      },
      { requiredKeys: ['ethSrc', 'ethDst', 'udpSrc', 'udpDst'], noNullPrototype: true },
    ),
    fc.oneof(
      fc.tuple(number(32), number(32)).map(([ipSrc, ipDst]) => ({ family: 'ipv4' as const, ipSrc, ipDst })),
      fc.tuple(arbitraryWide, arbitraryWide).map(([ip6Src, ip6Dst]) => ({ family: 'ipv6' as const, ip6Src, ip6Dst })),
    ),
  )
  .map(([inPort, low, high]) => ({ inPort, headers: { ...low, ...high } as UdpHeaders }));

const and = (a: number, b: number): number => Number(BigInt(a) & BigInt(b));

/** A match that the packet meets: some of its fields, some bits of them. */
function matchOf({ inPort, headers }: { inPort: number; headers: UdpHeaders }): fc.Arbitrary<Match> {
  const part = (field: keyof typeof FIELD_BITS, value: number): fc.Arbitrary<Masked | undefined> => {
    const whole = 2 ** FIELD_BITS[field] - 1;
    return fc.option(
      fc.oneof(fc.constant(whole), fc.integer({ min: 1, max: whole })).map(mask => ({ value: and(value, mask), mask })),
      { nil: undefined },
    );
  };
  const wide = (value: string) =>
    fc.option(
      fc
        .oneof(
          fc.constant('f'.repeat(32)),
          arbitraryWide.filter(mask => /[^0]/.test(mask)),
        )
        .map(mask => ({
          value: (BigInt(`0x${value}`) & BigInt(`0x${mask}`)).toString(16).padStart(32, '0'),
          mask,
        })),
      { nil: undefined },
    );
  const addresses: Partial<Record<string, fc.Arbitrary<unknown>>> =
    headers.family === 'ipv6'
      ? { ip6Src: wide(headers.ip6Src), ip6Dst: wide(headers.ip6Dst) }
      : { ipSrc: part('ipSrc', headers.ipSrc), ipDst: part('ipDst', headers.ipDst) };
  const maybe = <T>(value: T): fc.Arbitrary<T | undefined> => fc.constantFrom(value, undefined);
  return fc
    .record({
      inPort: maybe(inPort),
      ethSrc: part('ethSrc', headers.ethSrc),
      ethDst: part('ethDst', headers.ethDst),
      vlan: maybe(headers.vlan ?? ('none' as const)),
      etherType: maybe(headers.family === 'ipv6' ? ('ipv6' as const) : ('ipv4' as const)),
      ipProto: maybe(17),
      udpSrc: part('udpSrc', headers.udpSrc),
      udpDst: part('udpDst', headers.udpDst),
      fragment: maybe('no' as const),
      ...addresses,
    })
    .map(found => Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as Match)
    .filter(match => refuseFlow({ table: 0, priority: 0, cookie: 0, match, actions: [] }) === undefined);
}

const flowsOf = (packet: { inPort: number; headers: UdpHeaders }): fc.Arbitrary<Flow[]> =>
  fc
    .array(
      matchOf(packet).chain(match =>
        fc.record({
          match: fc.constant(match),
          table: fc.constantFrom(0, 0, 1, 2),
          applied: fc.array(arbitraryAction(match, fc.constantFrom(...IN_PORTS, 40)), { maxLength: 6 }),
          metadata: fc.option(fc.tuple(number(32), number(32)), { nil: undefined }),
          goto: fc.boolean(),
        }),
      ),
      { minLength: 1, maxLength: 6 },
    )
    .map(rows =>
      rows.map(({ match, table, applied, metadata, goto }, i): Flow => {
        const actions: Action[] = once(match, applied);
        if (metadata !== undefined) actions.push({ do: 'metadata', value: and(...metadata), mask: metadata[1] });
        if (goto) actions.push({ do: 'goto', table: table + 1 });
        // of two flows of one priority that both match OpenFlow says nothing
        return { table, priority: i + 1, cookie: i + 1, match, actions };
      }),
    )
    .filter(flows => flows.every(flow => refuseFlow(flow) === undefined));

/** Ordinary forwarding is no part of the model, nor is a second tag behind the first. */
function once(match: Match, actions: readonly Action[]): Action[] {
  let tags = match.vlan === 'none' ? 0 : typeof match.vlan === 'number' ? 1 : undefined;
  return actions.filter(action => {
    if (action.do === 'output') return action.to !== 'NORMAL';
    if (action.do === 'pushVlan') {
      if (tags !== 0) return false;
      tags = 1;
    }
    if (action.do === 'popVlan') tags = 0;
    return true;
  });
}

const cases = anyPacket.chain(packet =>
  fc.record({
    flows: flowsOf(packet),
    sent: fc
      .array(anyPacket, { maxLength: 2 })
      .map(others => [packet, { ...packet, inPort: packet.inPort === 1 ? 2 : 1 }, ...others]),
  }),
);
