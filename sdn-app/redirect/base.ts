import { COAP_PORT } from '../../protocol/addresses.js';
import { trunkTowards, type Port, type Topology } from '../../protocol/topology.js';
import type { Action, Flow, FlowStats, Masked, Match, MeterMod } from '../switch/flow-switch.js';
import { flowKey } from '../switch/flow-text.js';
import { answers } from './answers.js';
import { encodeCookie } from './cookie.js';
import {
  COPY_RATE_PER_S,
  DOMAIN_MASK,
  FAMILIES,
  PORT_MASK,
  TABLE,
  UDP,
  UNKNOWN_METER,
  domainIndex,
  exactly,
  fromPrefix,
  portMeter,
  prefixesOf,
  toPrefix,
  type Network,
} from './network.js';
import { leaveBy, tagBase } from './rewrite.js';

type Row = Pick<Flow, 'table' | 'priority' | 'match' | 'actions'>;
const row = (table: number, priority: number, match: Match, actions: readonly Action[] = []): Row => ({
  table,
  priority,
  match,
  actions,
});

/** The flows that are on a switch before any vehicle (DESIGN §5, tables 0 to 5). */
export function baseFlows(network: Network, datapath: number): Flow[] {
  const { topology } = network;
  const ports = topology.switches.find(found => found.datapath === datapath)?.ports ?? [];
  const { moves } = network.abilities(datapath);
  const rows = [
    ...dropRows(network, datapath),
    ...(moves ? answers(network) : []),
    ...ports.flatMap(port => entrance(network, port)),
    row(TABLE.classify, 0, {}, [{ do: 'goto', table: TABLE.ordinary }]),
    ...towardsOthers(network, datapath),
    row(TABLE.ordinary, 0, {}, [{ do: 'output', to: 'NORMAL' }]),
    ...(moves ? ports.flatMap(port => exit(network, datapath, port)) : []),
  ];
  const cookie = encodeCookie({ number: 0, epochLow: 0, kind: 'base' });
  return rows.map(({ table, priority, match, actions }) => ({ table, priority, cookie, match, actions }));
}

/** The meters that are no vehicle's; where a copy is metered, each port that vehicles enter by has one. */
export function baseMeters(network: Network, datapath: number): MeterMod[] {
  const { moves, packetIns } = network.abilities(datapath);
  const ports = network.topology.switches.find(found => found.datapath === datapath)?.ports ?? [];
  const own = moves && packetIns ? ports.filter(({ role }) => role === 'access') : [];
  return [UNKNOWN_METER, ...own.map(({ port }) => portMeter(port))].map(meter => ({
    op: 'set',
    meter,
    ratePerS: COPY_RATE_PER_S,
  }));
}

/** What twin traffic comes in by a port: of devices, of hosts, of other switches. */
function entrance(network: Network, port: Port): Row[] {
  const inPort = port.port;
  const goto = (table: number): Action[] => [{ do: 'goto', table }];
  return FAMILIES.flatMap(family => {
    const prefixes = prefixesOf(network.plan, family);
    if (prefixes === undefined) return [];
    const untagged: Match = { inPort, vlan: 'none', ipProto: UDP };
    const fromHosts = row(TABLE.classify, 300, { ...untagged, ...toPrefix(prefixes.alias) }, goto(TABLE.wayOut));
    switch (port.role) {
      case 'access': {
        const match: Match = {
          ...untagged,
          vlan: port.vlan ?? 'none',
          ...toPrefix(prefixes.twin),
          udpDst: exactly(COAP_PORT, 16),
        };
        const domain = { do: 'metadata', value: domainIndex(network, port.domain), mask: DOMAIN_MASK } as const;
        const untag: Action[] = port.vlan === undefined ? [] : [{ do: 'popVlan' }];
        return [row(TABLE.classify, 300, match, [...untag, domain, ...goto(TABLE.wayIn)])];
      }
      case 'host':
        return [fromHosts];
      case 'trunk':
        return [
          fromHosts,
          row(TABLE.classify, 300, { ...untagged, ...fromPrefix(prefixes.alias) }, goto(TABLE.forward)),
        ];
      case 'service':
        return [];
    }
  });
}

/** Answers whose tag names another switch go there as they are. */
function towardsOthers(network: Network, datapath: number): Row[] {
  const { topology } = network;
  return topology.switches.flatMap(other => {
    const port = other.datapath === datapath ? undefined : trunkTowards(topology, datapath, other.datapath);
    if (port === undefined) return [];
    const tags = network.abilities(datapath).moves
      ? [{ value: tagBase(other.datapath, false), mask: tagBase(15, false) }]
      : everyTag(other);
    return tags.flatMap(udpDst =>
      FAMILIES.map(etherType =>
        row(TABLE.wayOut, 50, { etherType, ipProto: UDP, udpDst }, [{ do: 'output', to: { port } }]),
      ),
    );
  });
}

/** One by one: OpenFlow 1.3 has no masks of UDP ports. */
const everyTag = ({ datapath, ports }: Topology['switches'][number]): Masked[] =>
  [false, true].flatMap(unconfirmed =>
    [0, ...ports.flatMap(({ port, role }) => (role === 'access' ? [port] : []))].map(port =>
      exactly(tagBase(datapath, unconfirmed) + port, 16),
    ),
  );

/** The port that metadata names, where devices are. */
const exit = (network: Network, datapath: number, { port, role }: Port): Row[] =>
  role === 'access'
    ? [row(TABLE.egress, 100, { metadata: { value: port, mask: PORT_MASK } }, leaveBy(network, datapath, port))]
    : [];

interface DropRow extends Row {
  /** What the counter is called in `sdn check` and in metrics. */
  readonly reason: string;
}

const COPY_OF_UNKNOWN: readonly Action[] = [
  { do: 'meter', meter: UNKNOWN_METER },
  { do: 'output', to: 'CONTROLLER' },
];

/** Where twin traffic ends, by name. */
function dropRows(network: Network, datapath: number): DropRow[] {
  const { packetIns, moves } = network.abilities(datapath);
  const drop = (
    reason: string,
    table: number,
    priority: number,
    match: Match,
    actions: readonly Action[] = [],
  ): DropRow => ({ reason, ...row(table, priority, match, actions) });
  const ofFamily = FAMILIES.flatMap(family => {
    const prefixes = prefixesOf(network.plan, family);
    if (prefixes === undefined) return [];
    const { twin, alias } = prefixes;
    return [
      // above the ways in and out: the first fragment still has its UDP ports, and an IP-only rewrite would corrupt the rest;
      // OpenFlow 1.3 has no field for it: of a datagram in fragments the first one comes through alone
      ...(moves
        ? [
            drop('fragment-to-twin', TABLE.classify, 400, { ...toPrefix(twin), fragment: 'yes' }),
            drop('fragment-to-alias', TABLE.classify, 400, { ...toPrefix(alias), fragment: 'yes' }),
          ]
        : []),
      // no machine has these: whoever sends from one claims to be a vehicle to a host, or a twin to a device
      drop('from-alias', TABLE.classify, 250, fromPrefix(alias)),
      drop('from-twin', TABLE.classify, 250, fromPrefix(twin)),
      drop('other-to-twin', TABLE.classify, 200, toPrefix(twin)),
      drop('other-to-alias', TABLE.classify, 200, toPrefix(alias)),
    ];
  });
  return [
    ...ofFamily,
    drop('unknown-vehicle', TABLE.wayIn, 1, {}, packetIns ? COPY_OF_UNKNOWN : []),
    drop('no-way-out', TABLE.wayOut, 0, {}),
    drop('no-way-on', TABLE.forward, 0, {}),
    ...(moves ? [drop('no-port', TABLE.egress, 0, {})] : []),
  ];
}

/** Packets that a switch has dropped so far by reason, from its flows read back; a flow that is missing counts 0. */
export function dropsOf(network: Network, datapath: number, found: readonly FlowStats[]): Record<string, number> {
  const packets = new Map(found.map(stats => [flowKey(stats), stats.packets]));
  const drops: Record<string, number> = {};
  for (const dropped of dropRows(network, datapath))
    drops[dropped.reason] = (drops[dropped.reason] ?? 0) + (packets.get(flowKey(dropped)) ?? 0);
  return drops;
}
