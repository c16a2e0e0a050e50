import type { TraceAnswer } from '../../protocol/api/sdn-app.js';
import {
  COAP_PORT,
  GATEWAY_MAC,
  ipv4ToNumber,
  numberToIpv4,
  twinAddress,
  twinAddress6,
} from '../../protocol/addresses.js';
import { fault } from '../../protocol/errors.js';
import { hexToIpv6, ipv6ToHex } from '../../protocol/ipv6.js';
import { armedOf, placeOf } from '../attachment/machine.js';
import { accessPortOf, portOf } from '../attachments.js';
import { dropsOf } from '../redirect/base.js';
import { baseSlice, decodeCookie } from '../redirect/cookie.js';
import { familyOf } from '../redirect/network.js';
import type { Place } from '../redirect/view.js';
import type { SdnService } from '../service.js';
import type { FlowStats } from '../switch/flow-switch.js';
import { journey, type Journey, type JourneyEnd } from '../trace/journey.js';
import type { TracePacket } from '../trace/walk.js';
import { actionWords } from '../trace/words.js';
import type { Vehicle } from '../vehicles.js';

export type TraceFrom = 'port' | 'elsewhere' | 'stranger';

/** Sources that nobody has: RFC 5737 and RFC 3849. */
const STRANGER = { ipv4: '192.0.2.1', ipv6: '2001:db8::1' } as const;
const STRANGERS_PORT = 40_000;

/**
 * Follows a frame of a vehicle through the flows that the switches hold now, and the answer of its host back.
 * REQUEST_INVALID where the vehicle has not been seen yet, or has no other port to come in by.
 */
export async function traceVehicle(service: SdnService, id: string, from: TraceFrom): Promise<TraceAnswer> {
  const { vehicles, runner } = service.active;
  const vehicle = vehicles.named(id);
  const place = placeOf(vehicle.state);
  if (place === undefined) throw fault('REQUEST_INVALID', `no frame of ${id} has been seen yet`);
  const flows = new Map<number, readonly FlowStats[]>();
  for (const one of service.deps.switches) {
    if (!one.connected) continue;
    const [base, own] = await Promise.all([one.readFlows(baseSlice), runner.read(one.datapath, vehicle)]);
    flows.set(one.datapath, [...base, ...own]);
  }
  const start = startOf(service, place, from);
  const { topology } = service.options;
  const way = journey(flows, topology, start.datapath, frameOf(service, vehicle, start));
  const arrived = way.ends.find(end => end.at === 'port');
  const back =
    arrived?.at === 'port'
      ? journey(flows, topology, arrived.datapath, answerTo(arrived.packet, arrived.port))
      : undefined;
  const tell = (leg: Journey, says: string): TraceAnswer['legs'][number] => ({
    says,
    steps: leg.steps.map(({ datapath, table, flow, actions }) => ({
      datapath,
      table,
      kind: flow === undefined ? 'no flow' : (decodeCookie(flow.cookie)?.kind ?? 'foreign'),
      packets: flow?.packets ?? 0,
      does: actions.map(actionWords),
      ...(flow === undefined ? {} : { priority: flow.priority }),
    })),
    ends: leg.ends.map(end => endText(service, vehicle, end)),
  });
  return {
    vehicle: id,
    legs: [
      tell(way, `frame from ${sourceText(start)} at ${portText(service, start)}`),
      ...(back === undefined ? [] : [tell(back, 'its answer')]),
    ],
  };
}

function startOf({ options: { topology } }: SdnService, place: Place, from: TraceFrom): Place {
  if (from === 'port') return place;
  if (from === 'stranger') {
    const address = STRANGER[familyOf(place.source.address)];
    return { datapath: place.datapath, port: place.port, source: { address, port: STRANGERS_PORT } };
  }
  const here = accessPortOf(topology, place);
  const others = topology.switches.flatMap(({ datapath, ports }) =>
    ports.flatMap(row =>
      row.role === 'access' && (datapath !== place.datapath || row.port !== place.port)
        ? [{ ...place, datapath, port: row.port, elsewhere: row.domain !== here?.domain }]
        : [],
    ),
  );
  const found = others.find(({ elsewhere }) => elsewhere) ?? others[0];
  if (found === undefined) throw fault('REQUEST_INVALID', 'the topology has no other access port');
  const { elsewhere: _, ...other } = found;
  return other;
}

function frameOf({ options: { plan, topology } }: SdnService, { number }: Vehicle, place: Place): TracePacket {
  const { source, port, mac } = place;
  const vlan = accessPortOf(topology, place)?.vlan;
  const fields = { ethSrc: mac ?? 0, ethDst: GATEWAY_MAC, udpSrc: source.port, udpDst: COAP_PORT };
  const entry = { inPort: port, ...(vlan === undefined ? {} : { vlan }) };
  const twin6 = twinAddress6(plan, number);
  if (familyOf(source.address) === 'ipv6' && twin6 !== undefined)
    return { ...entry, family: 'ipv6', fields, wide: { ip6Src: ipv6ToHex(source.address), ip6Dst: ipv6ToHex(twin6) } };
  const ipDst = ipv4ToNumber(twinAddress(plan, number));
  return { ...entry, family: 'ipv4', fields: { ...fields, ipSrc: ipv4ToNumber(source.address), ipDst }, wide: {} };
}

/** What the host sends back: to where the datagram came from, as it saw it. */
function answerTo({ family, fields, wide }: TracePacket, inPort: number): TracePacket {
  const swap = <T>(value: T | undefined, name: string): Record<string, T> =>
    value === undefined ? {} : { [name]: value };
  return {
    family,
    inPort,
    fields: {
      ...swap(fields.ipDst, 'ipSrc'),
      ...swap(fields.ipSrc, 'ipDst'),
      ...swap(fields.udpDst, 'udpSrc'),
      ...swap(fields.udpSrc, 'udpDst'),
      ...swap(fields.ethDst, 'ethSrc'),
      ethDst: GATEWAY_MAC,
    },
    wide: { ...swap(wide.ip6Dst, 'ip6Src'), ...swap(wide.ip6Src, 'ip6Dst') },
  };
}

function endText(service: SdnService, vehicle: Vehicle, end: JourneyEnd): string {
  switch (end.at) {
    case 'controller':
      return `a copy to the controller of switch ${end.datapath}`;
    case 'ordinary':
      return `ordinary forwarding of switch ${end.datapath}`;
    case 'unread':
      return `switch ${end.datapath}, which cannot be read`;
    case 'dropped': {
      const reason = end.flow === undefined ? 'no flow matches' : dropReason(service, end.datapath, end.flow);
      return `dropped by switch ${end.datapath}: ${reason}`;
    }
    case 'port': {
      const { fields, wide, family } = end.packet;
      const to = family === 'ipv4' ? numberToIpv4(fields.ipDst ?? 0) : `[${hexToIpv6(wide.ip6Dst ?? '0'.repeat(32))}]`;
      const standby = armedOf(vehicle.state).map(({ host }) => host);
      const names = [vehicle.ref, ...standby, ...vehicle.leaving.map(({ host, name }) => ({ ...host, host: name }))];
      const host = names.find(one => one?.address === to || `[${one?.address6}]` === to)?.host;
      const where = `${to}:${fields.udpDst ?? 0} by ${portText(service, end)}`;
      return host === undefined ? where : `host ${host} at ${where}`;
    }
  }
}

function dropReason({ network }: SdnService, datapath: number, flow: FlowStats): string {
  const drops = Object.entries(dropsOf(network, datapath, [{ ...flow, packets: 1 }]));
  return drops.find(([, packets]) => packets > 0)?.[0] ?? 'a flow that does nothing';
}

const sourceText = ({ source: { address, port } }: Place): string =>
  familyOf(address) === 'ipv6' ? `[${address}]:${port}` : `${address}:${port}`;

function portText({ options: { topology } }: SdnService, at: Pick<Place, 'datapath' | 'port'>): string {
  const found = portOf(topology, at);
  const what = found?.role === 'access' ? ` (${found.accessPoint})` : '';
  return `port ${at.port} of switch ${at.datapath}${what}`;
}
