import { inUrl } from '../protocol/ipv6.js';
import type { AgentDeps, AgentStatus } from './agent-deps.js';
import type { TimeBase } from './clock/time-base.js';
import { gpsStatusOf, type GpsLoop } from './gps/gps-loop.js';
import type { CarLoop } from './sampling/car-loop.js';
import { carStatusOf } from './sampling/car-status.js';
import type { RemoteSettings } from './settings/remote-settings.js';
import type { Outbox } from './uplink/outbox.js';
import type { RoundTrip } from './uplink/round-trip.js';
import type { Uplink } from './uplink/uplink.js';

/** The parts of an agent that its status is of. */
export interface AgentParts {
  readonly vehicle: string;
  readonly outbox: Outbox;
  readonly uplink: Uplink;
  readonly roundTrip: RoundTrip;
  readonly time: TimeBase;
  readonly settings: RemoteSettings;
  readonly car: CarLoop | undefined;
  readonly receiver: GpsLoop | undefined;
}

/** What `/v1/status` shows. */
export function agentStatus(parts: AgentParts, nowMs: number): AgentStatus {
  const { vehicle, outbox, uplink, roundTrip, time, settings, car, receiver } = parts;
  const { sampled, accepted, pending, diskBytes, writtenBytes, failing } = outbox.status;
  const { twin, acknowledged, underWay } = uplink.status;
  return {
    vehicle,
    boot: outbox.boot,
    seq: sampled,
    sampled,
    accepted,
    acknowledged,
    resent: outbox.resent,
    queue: pending,
    underWay,
    diskBytes,
    writtenBytes,
    diskFailing: failing,
    ...(roundTrip.meanMs === undefined ? {} : { roundTripMs: Math.round(roundTrip.meanMs) }),
    ...(receiver === undefined ? {} : { gps: gpsStatusOf(receiver.status, nowMs) }),
    clock: time.stamp()?.clock ?? 'waiting',
    ...(twin === undefined ? {} : { twin: `coap://${inUrl(twin.address)}:${twin.port}` }),
    obd: car?.source !== undefined,
    ...(car === undefined ? {} : { car: carStatusOf(car) }),
    settings: settings.reported,
  };
}

export function tellOutbox(metrics: AgentDeps['metrics'], status: Outbox['status']): void {
  metrics.set('agent_queue_reports', status.pending);
  metrics.set('agent_outbox_bytes', status.diskBytes, { what: 'disk' });
  metrics.set('agent_outbox_bytes', status.writtenBytes, { what: 'written' });
  metrics.set('agent_outbox_bytes', status.damagedBytes, { what: 'damaged' });
  metrics.set('agent_outbox_failing', status.failing ? 1 : 0);
}
