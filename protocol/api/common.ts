import { z } from 'zod';
import { VEHICLE_ID } from '../report.js';

/** Shapes that several contracts share. Times that end in `Ms` are Unix milliseconds UTC, with fractions where they are stamps. */
export const vehicleId = z.string().regex(VEHICLE_ID);
export const epoch = z.int().min(0);
export const WAYS = ['armed', 'ticket', 'manager', 'cold'] as const;
export const way = z.enum(WAYS);
export type Way = z.infer<typeof way>;

/** Phases of a hand-over, in their order (DESIGN §6). */
export const PHASES = [
  'detected',
  'validated',
  'rerouted',
  'initiated',
  'prepared',
  'redirected',
  'activated',
  'completed',
] as const;
export const phase = z.enum(PHASES);
export type Phase = z.infer<typeof phase>;

/** Every command between services carries who orders it and for what. A host or switch app refuses below its highest seen. */
export const commandHeader = z.strictObject({
  term: z.int().min(1),
  handover: z.string().min(1),
  attempt: z.int().min(0),
  epoch,
  way,
});
export type CommandHeader = z.infer<typeof commandHeader>;

/** A vMD host as others reach it. */
export const hostRef = z.strictObject({
  /** `<domain>/<index>`, e.g. `edge-1/2`. */
  host: z.string().regex(/^[a-z0-9-]+\/\d+$/),
  domain: z.string(),
  /** Where it listens for CoAP. */
  address: z.ipv4(),
  /** The same over IPv6, where the domain has it. */
  address6: z.ipv6().optional(),
  port: z.int().min(1).max(65_535),
  /** Base URL of its control API. */
  control: z.url(),
});
export type HostRef = z.infer<typeof hostRef>;

/** Where a device enters the network. */
export const attachment = z.strictObject({
  datapath: z.int().min(1).max(15),
  port: z.int().min(1).max(2047),
  domain: z.string(),
  accessPoint: z.string().optional(),
  /** An IPv6 address is in its canonical text (RFC 5952). */
  source: z.strictObject({ address: z.union([z.ipv4(), z.ipv6()]), port: z.int().min(1).max(65_535) }),
});
export type Attachment = z.infer<typeof attachment>;

/** RFC 9457 problem details, as every service answers errors. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
});
export type Problem = z.infer<typeof problem>;
