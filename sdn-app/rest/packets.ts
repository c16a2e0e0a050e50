import { decodeCookie } from '../redirect/cookie.js';
import type { FlowStats } from '../switch/flow-switch.js';

/** Packets of a vehicle's flows, by kind, of all switches together. */
export function packetsByKind(flows: readonly FlowStats[]): Record<string, number> {
  const packets: Record<string, number> = {};
  for (const flow of flows) {
    const kind = decodeCookie(flow.cookie)?.kind;
    if (kind !== undefined) packets[kind] = (packets[kind] ?? 0) + flow.packets;
  }
  return packets;
}
