import { z } from 'zod';
import { route, type Route } from '../protocol/api/route.js';
import { CLOCK_SOURCES } from '../protocol/report.js';
import { reportedSettings } from '../protocol/settings.js';
import type { AgentStatus } from './agent-deps.js';
import { carStatus } from './sampling/car-status.js';

const statusAnswer = z.object({
  agents: z.array(
    z.object({
      vehicle: z.string(),
      boot: z.int(),
      seq: z.int(),
      sampled: z.int(),
      accepted: z.int(),
      acknowledged: z.int(),
      resent: z.int(),
      queue: z.int(),
      underWay: z.int(),
      diskBytes: z.int(),
      writtenBytes: z.int(),
      diskFailing: z.boolean(),
      roundTripMs: z.int().optional(),
      gps: z
        .object({
          connected: z.boolean(),
          mode: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
          device: z.string().optional(),
          fixAgeMs: z.int().optional(),
        })
        .optional(),
      clock: z.enum([...CLOCK_SOURCES, 'waiting']),
      twin: z.string().optional(),
      obd: z.boolean(),
      car: carStatus.optional(),
      settings: reportedSettings,
    }),
  ),
});

export interface DeviceControl {
  statuses(): readonly AgentStatus[];
  setSampling(on: boolean): void;
}

/** The status API of a device process, `/v1`. */
export function deviceRoutes(control: DeviceControl): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/status',
      summary: 'what each agent of this process has sampled, sent and got acknowledged',
      answer: statusAnswer,
      handle: () => ({ agents: [...control.statuses()] }),
    }),
    route({
      method: 'PUT',
      path: '/v1/sampling',
      summary:
        'off: no new reports, before the car is parked for long or the agent is ended; what is queued is still sent',
      body: z.strictObject({ on: z.boolean() }),
      handle: ({ body: { on } }) => control.setSampling(on),
    }),
  ];
}
