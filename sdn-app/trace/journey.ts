import type { Topology } from '../../protocol/topology.js';
import type { FlowStats } from '../switch/flow-switch.js';
import { walk, type TracePacket, type TraceStep } from './walk.js';

/** A packet's way over several switches, by the flows of each; pure. */
export interface Journey {
  readonly steps: readonly (TraceStep & { readonly datapath: number })[];
  readonly ends: readonly JourneyEnd[];
}

export type JourneyEnd =
  | { readonly at: 'port'; readonly datapath: number; readonly port: number; readonly packet: TracePacket }
  | { readonly at: 'controller' | 'ordinary'; readonly datapath: number }
  /** By this flow, or because none matched. */
  | { readonly at: 'dropped'; readonly datapath: number; readonly flow?: FlowStats }
  | { readonly at: 'unread'; readonly datapath: number };

const HOPS_MAX = 16;

/** `flows`: those of each switch that could be read. */
export function journey(
  flows: ReadonlyMap<number, readonly FlowStats[]>,
  topology: Topology,
  datapath: number,
  packet: TracePacket,
  hops = 0,
): Journey {
  const here = flows.get(datapath);
  if (here === undefined || hops > HOPS_MAX) return { steps: [], ends: [{ at: 'unread', datapath }] };
  const { steps, outputs } = walk(here, packet);
  const walked: Journey['steps'][number][] = steps.map(step => ({ ...step, datapath }));
  const last = steps.at(-1)?.flow;
  const ends: JourneyEnd[] =
    outputs.length > 0 ? [] : [{ at: 'dropped', datapath, ...(last === undefined ? {} : { flow: last }) }];
  for (const { to, packet: out } of outputs) {
    if (to === 'CONTROLLER') ends.push({ at: 'controller', datapath });
    else if (to === 'NORMAL') ends.push({ at: 'ordinary', datapath });
    else {
      const next = acrossTrunk(topology, datapath, to);
      if (next === undefined) ends.push({ at: 'port', datapath, port: to, packet: out });
      else {
        const rest = journey(flows, topology, next.datapath, entering(out, next.port), hops + 1);
        walked.push(...rest.steps);
        ends.push(...rest.ends);
      }
    }
  }
  return { steps: walked, ends };
}

/** What a packet carries over a wire: metadata and registers stay behind. */
function entering(packet: TracePacket, inPort: number): TracePacket {
  const { metadata: _m, reg0: _0, reg1: _1, reg2: _2, reg3: _3, ...fields } = packet.fields;
  const { wide1: _w, ...wide } = packet.wide;
  return { ...packet, inPort, fields, wide };
}

function acrossTrunk(
  topology: Topology,
  datapath: number,
  port: number,
): { readonly datapath: number; readonly port: number } | undefined {
  const portsOf = (number: number): Topology['switches'][number]['ports'] =>
    topology.switches.find(row => row.datapath === number)?.ports ?? [];
  const trunk = portsOf(datapath).find(row => row.port === port);
  if (trunk?.role !== 'trunk') return undefined;
  const back = portsOf(trunk.peer).find(row => row.role === 'trunk' && row.peer === datapath);
  return back === undefined ? undefined : { datapath: trunk.peer, port: back.port };
}
