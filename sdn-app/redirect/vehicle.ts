import {
  COAP_PORT,
  UNCONFIRMED_BIT,
  aliasAddress,
  encodeTag,
  ipv4ToNumber,
  numberToIpv4,
  twinAddress,
} from '../../protocol/addresses.js';
import type { Action, Bits, Field, Flow, FlowStats, Match, MeterMod, PacketIn } from '../switch/flow-switch.js';
import { decodeCookie, encodeCookie, type Kind } from './cookie.js';
import { COPY_RATE_PER_S, TABLE, UDP, address, exactly, vehicleMeter, type Network } from './network.js';

/** Where a device is: the port its frames enter by, and the address they come from. */
export interface Place {
  readonly port: number;
  readonly source: { readonly address: string; readonly port: number };
}

/** A vMD host as flows reach it. */
export interface HostEnd {
  readonly address: string;
  readonly port: number;
  /** Switch port that leads to it. */
  readonly outPort: number;
}

/** Everything that decides what flows a vehicle has. */
export interface VehicleView {
  readonly number: number;
  readonly host: HostEnd;
  /** Epoch of the redirect to `host`. */
  readonly epoch: number;
  /** Where prio 100 is; absent until the first frame. */
  readonly place?: Place;
  /** Unknown sources that are answered by the tag of their frames. */
  readonly returns: readonly Place[];
  /** Hosts before `host` that are not drained yet, with the epoch of the redirect to them. */
  readonly leaving: readonly { readonly host: Pick<HostEnd, 'address' | 'port'>; readonly epoch: number }[];
}

const bits = (field: Field, offset: number, length: number): Bits => ({ field, offset, length });
const PORT_BITS = 11;

/** CONTROLLER shows a packet as it is after all rewriting, so a copy carries its first source in registers 0 and 1. */
export const KEEP_SOURCE: readonly Action[] = [
  { do: 'move', from: bits('ipSrc', 0, 32), to: bits('reg0', 0, 32) },
  { do: 'move', from: bits('udpSrc', 0, 16), to: bits('reg1', 0, 16) },
];

/** The original source of a copied packet. */
export const keptSource = ({ registers }: Pick<PacketIn, 'registers'>): Place['source'] => ({
  address: numberToIpv4(registers[0]),
  port: registers[1] % 2 ** 16,
});

/** The flows that a vehicle should have, in the order in which a switch without bundles takes them: way out before way in. */
export function vehicleFlows(network: Network, view: VehicleView): Flow[] {
  const { number, host, epoch, place, returns, leaving } = view;
  const row = (
    kind: Kind,
    table: number,
    priority: number,
    match: Match,
    actions: readonly Action[],
    at = epoch,
  ): Flow => ({
    table,
    priority,
    cookie: encodeCookie({ number, epochLow: at, kind }),
    match,
    actions,
  });
  const twin = address(twinAddress(network.plan, number));
  const alias = address(aliasAddress(network.plan, number));
  const toTwin = { ipProto: UDP, ipDst: twin };
  const flows: Flow[] = [];
  if (place !== undefined) {
    const ends = new Map([...leaving, { host, epoch }].map(end => [`${end.host.address}:${end.host.port}`, end]));
    for (const end of ends.values())
      flows.push(
        row(
          'wayOut',
          TABLE.wayOut,
          100,
          wayOutMatch(network, alias.value, end.host),
          wayOut(network, number, place),
          end.epoch,
        ),
      );
  }
  for (const to of returns) {
    const tag = encodeTag({ unconfirmed: true, datapath: network.datapath, inPort: to.port });
    flows.push(
      row('return', TABLE.wayOut, 110, { ipProto: UDP, ipDst: alias, udpDst: exactly(tag, 16) }, [
        ...toDevice(network, number, to),
        { do: 'output', to: { port: to.port } },
      ]),
    );
  }
  flows.push(
    row('copy', TABLE.copy, 100, { ipSrc: alias }, [
      { do: 'meter', meter: vehicleMeter(number) },
      { do: 'output', to: 'CONTROLLER' },
    ]),
  );
  const copied: Action[] = [{ do: 'goto', table: TABLE.copy }];
  if (place !== undefined) {
    const from = { ipSrc: address(place.source.address), udpSrc: exactly(place.source.port, 16) };
    flows.push(
      row(
        'path',
        TABLE.wayIn,
        100,
        { ...toTwin, ...from, inPort: place.port },
        wayIn(network, view, 'confirmed', place.port),
      ),
      row('backup', TABLE.wayIn, 90, { ...toTwin, ...from }, [
        ...KEEP_SOURCE,
        ...wayIn(network, view, 'confirmed'),
        ...copied,
      ]),
    );
  }
  flows.push(
    row('unknown', TABLE.wayIn, 80, toTwin, [...KEEP_SOURCE, ...wayIn(network, view, 'unconfirmed'), ...copied]),
  );
  return flows;
}

export const vehicleMeters = (number: number): MeterMod[] => [
  { op: 'set', meter: vehicleMeter(number), ratePerS: COPY_RATE_PER_S },
];

/** Source becomes the alias with the tag as its port, destination the host (DESIGN §5). */
function wayIn(
  network: Network,
  { number, host }: VehicleView,
  trust: 'confirmed' | 'unconfirmed',
  inPort?: number,
): Action[] {
  const high = (trust === 'unconfirmed' ? UNCONFIRMED_BIT : 0) + network.datapath * 2 ** PORT_BITS;
  return [
    { do: 'set', field: 'ipSrc', value: ipv4ToNumber(aliasAddress(network.plan, number)) },
    { do: 'move', from: bits('inPort', 0, PORT_BITS), to: bits('udpSrc', 0, PORT_BITS) },
    { do: 'load', to: bits('udpSrc', PORT_BITS, 5), value: high / 2 ** PORT_BITS },
    { do: 'set', field: 'ipDst', value: ipv4ToNumber(host.address) },
    { do: 'set', field: 'udpDst', value: host.port },
    { do: 'output', to: inPort === host.outPort ? 'IN_PORT' : { port: host.outPort } },
  ];
}

/** Confirmed tags of this datapath only: the port in an unconfirmed tag says nothing about the known source. */
const wayOutMatch = ({ datapath }: Network, alias: number, host: Pick<HostEnd, 'address' | 'port'>): Match => ({
  ipProto: UDP,
  ipSrc: address(host.address),
  udpSrc: exactly(host.port, 16),
  ipDst: exactly(alias, 32),
  udpDst: { value: datapath * 2 ** PORT_BITS, mask: 0xffff - (2 ** PORT_BITS - 1) },
});

/** Back to where the answered frame came in, read from its tag before the destination port is rewritten. */
const wayOut = (network: Network, number: number, place: Place): Action[] => [
  { do: 'move', from: bits('udpDst', 0, PORT_BITS), to: bits('reg2', 0, PORT_BITS) },
  ...toDevice(network, number, place),
  { do: 'output', to: { portFrom: bits('reg2', 0, PORT_BITS) } },
];

const toDevice = (network: Network, number: number, { source }: Place): Action[] => [
  { do: 'set', field: 'ipSrc', value: ipv4ToNumber(twinAddress(network.plan, number)) },
  { do: 'set', field: 'udpSrc', value: COAP_PORT },
  { do: 'set', field: 'ipDst', value: ipv4ToNumber(source.address) },
  { do: 'set', field: 'udpDst', value: source.port },
];

/** What the switch alone tells about a vehicle after everyone else forgot it; `epoch` is mod 2^24. */
export function recoverView(number: number, found: readonly FlowStats[]): VehicleView | undefined {
  const rows = found.flatMap(stats => {
    const cookie = decodeCookie(stats.cookie);
    return cookie?.number === number ? [{ kind: cookie.kind, epoch: cookie.epochLow, stats }] : [];
  });
  const into = rows.find(row => row.kind === 'path') ?? rows.find(row => row.kind === 'unknown');
  const host = into === undefined ? undefined : hostOf(into.stats);
  if (into === undefined || host === undefined) return undefined;
  const place = into.kind === 'path' ? placeOf(into.stats) : undefined;
  const leaving = rows.flatMap(({ kind, epoch, stats: { match } }) => {
    const { ipSrc, udpSrc } = match;
    if (kind !== 'wayOut' || ipSrc === undefined || udpSrc === undefined) return [];
    const end = { address: numberToIpv4(ipSrc.value), port: udpSrc.value };
    return end.address === host.address && end.port === host.port ? [] : [{ host: end, epoch }];
  });
  return {
    number,
    host,
    epoch: into.epoch,
    ...(place === undefined ? {} : { place }),
    returns: rows.flatMap(returnOf),
    leaving,
  };
}

const setValue = ({ actions }: Flow, field: Field): number | undefined =>
  actions.flatMap(action => (action.do === 'set' && action.field === field ? [action.value] : []))[0];

function hostOf(flow: Flow): HostEnd | undefined {
  const ip = setValue(flow, 'ipDst');
  const port = setValue(flow, 'udpDst');
  const outPort = flow.actions.flatMap(action => {
    if (action.do !== 'output') return [];
    if (action.to === 'IN_PORT') return flow.match.inPort ?? [];
    return typeof action.to === 'object' && 'port' in action.to ? [action.to.port] : [];
  })[0];
  return ip === undefined || port === undefined || outPort === undefined
    ? undefined
    : { address: numberToIpv4(ip), port, outPort };
}

function placeOf({ match: { inPort, ipSrc, udpSrc } }: Flow): Place | undefined {
  return inPort === undefined || ipSrc === undefined || udpSrc === undefined
    ? undefined
    : { port: inPort, source: { address: numberToIpv4(ipSrc.value), port: udpSrc.value } };
}

function returnOf({ kind, stats }: { kind: Kind; stats: Flow }): Place[] {
  const ip = setValue(stats, 'ipDst');
  const port = setValue(stats, 'udpDst');
  const tag = stats.match.udpDst?.value;
  return kind !== 'return' || ip === undefined || port === undefined || tag === undefined
    ? []
    : [{ port: tag % 2 ** PORT_BITS, source: { address: numberToIpv4(ip), port } }];
}
