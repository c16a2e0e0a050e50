import { z } from 'zod';
import { CLOCK_SOURCES } from '../../protocol/report.js';
import { carStatus } from '../sampling/car-status.js';

/** Of an agent's `/v1/status`, what the doctor uses: of releases before and after this one, too. */
export const agentTold = z.object({
  vehicle: z.string(),
  boot: z.number(),
  queue: z.number(),
  acknowledged: z.number(),
  resent: z.number(),
  diskBytes: z.number(),
  diskFailing: z.boolean(),
  roundTripMs: z.number().optional(),
  gps: z
    .object({
      connected: z.boolean(),
      mode: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
      device: z.string().optional(),
      fixAgeMs: z.number().optional(),
    })
    .optional(),
  clock: z.enum([...CLOCK_SOURCES, 'waiting']),
  twin: z.string().optional(),
  obd: z.boolean(),
  car: carStatus.optional(),
});
export type AgentTold = z.infer<typeof agentTold>;
