import { COAP_PORT } from '../../protocol/addresses.js';
import type { Port } from '../../protocol/topology.js';
import type { Action, Flow, FlowStats, Match, MeterMod } from '../switch/flow-switch.js';
import { flowKey } from '../switch/flow-switch.js';
import { encodeCookie } from './cookie.js';
import { COPY_RATE_PER_S, TABLE, UDP, UNKNOWN_METER, exactly, prefix, type Network } from './network.js';
import { KEEP_SOURCE } from './vehicle.js';

/** The flows that are there before any vehicle (DESIGN §5, tables 0 to 3 and 9). `domains` gives a port's domain its metadata. */
export function baseFlows(network: Network, ports: readonly Port[], domains: readonly string[]): Flow[] {
  const { twinPrefix, aliasPrefix } = network.plan;
  const flows = dropRows(network).map(row => flow(row.table, row.priority, row.match, row.actions));
  for (const port of ports) {
    if (port.role === 'access')
      flows.push(
        flow(
          TABLE.classify,
          300,
          { inPort: port.port, ipProto: UDP, ipDst: prefix(twinPrefix), udpDst: exactly(COAP_PORT, 16) },
          [
            { do: 'metadata', value: domains.indexOf(port.domain) + 1, mask: 0xff },
            { do: 'goto', table: TABLE.wayIn },
          ],
        ),
      );
    if (port.role === 'host')
      flows.push(
        flow(TABLE.classify, 300, { inPort: port.port, ipProto: UDP, ipDst: prefix(aliasPrefix) }, [
          { do: 'goto', table: TABLE.wayOut },
        ]),
      );
  }
  flows.push(
    flow(TABLE.classify, 0, {}, [{ do: 'goto', table: TABLE.ordinary }]),
    flow(TABLE.ordinary, 0, {}, [{ do: 'output', to: 'NORMAL' }]),
    flow(TABLE.copy, 1, {}, [
      { do: 'meter', meter: UNKNOWN_METER },
      { do: 'output', to: 'CONTROLLER' },
    ]),
  );
  return flows;
}

export const BASE_METERS: readonly MeterMod[] = [{ op: 'set', meter: UNKNOWN_METER, ratePerS: COPY_RATE_PER_S }];

interface DropRow extends Pick<Flow, 'table' | 'priority' | 'match' | 'actions'> {
  /** What the counter is called in `sdn check` and in metrics. */
  readonly reason: string;
}

/** Where twin traffic ends, by name. */
function dropRows({ plan }: Network): DropRow[] {
  const row = (
    reason: string,
    table: number,
    priority: number,
    match: Match,
    actions: readonly Action[] = [],
  ): DropRow => ({
    reason,
    table,
    priority,
    match,
    actions,
  });
  const twin = prefix(plan.twinPrefix);
  const alias = prefix(plan.aliasPrefix);
  return [
    // above the ways in and out: the first fragment still has its UDP ports, and an IP-only rewrite would corrupt the rest
    row('fragment-to-twin', TABLE.classify, 400, { ipDst: twin, fragment: 'yes' }),
    row('fragment-to-alias', TABLE.classify, 400, { ipDst: alias, fragment: 'yes' }),
    row('other-to-twin', TABLE.classify, 200, { ipDst: twin }),
    row('other-to-alias', TABLE.classify, 200, { ipDst: alias }),
    row('unknown-vehicle', TABLE.wayIn, 1, { ipProto: UDP }, [...KEEP_SOURCE, { do: 'goto', table: TABLE.copy }]),
    row('no-way-out', TABLE.wayOut, 0, {}),
  ];
}

/** Packets dropped so far by reason, from the flows read back; a flow that is missing counts 0. */
export function dropsOf(network: Network, found: readonly FlowStats[]): Record<string, number> {
  const packets = new Map(found.map(stats => [flowKey(stats), stats.packets]));
  return Object.fromEntries(dropRows(network).map(row => [row.reason, packets.get(flowKey(row)) ?? 0]));
}

const flow = (table: number, priority: number, match: Match, actions: readonly Action[]): Flow => ({
  table,
  priority,
  cookie: encodeCookie({ number: 0, epochLow: 0, kind: 'base' }),
  match,
  actions,
});
