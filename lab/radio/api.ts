import { z } from 'zod';

/** REST contract of the radio: what tests and the demo may see and force. */
const share = z.number().min(0).max(1);
const ms = z.number().min(0).max(60_000);

export const faultsBody = z.strictObject({
  lossUp: share.default(0),
  lossDown: share.default(0),
  delayMs: ms.default(0),
  jitterMs: ms.default(0),
  duplicate: share.default(0),
  reorder: share.default(0),
  seed: z.int().min(0).max(0xffffffff).default(1),
  during: z.enum(['always', 'moves']).default('always'),
  moveMs: ms.default(500),
});

export const carParams = z.strictObject({ car: z.coerce.number().int().min(0).max(511) });
/** An access point's id; `null`: a radio outage; `auto`: the one where the car is. */
export const attachmentBody = z.strictObject({ accessPoint: z.string().min(1).nullable() });

export const carOnAir = z.object({
  car: z.int(),
  position: z.object({ latitude: z.number(), longitude: z.number() }),
  accessPoint: z.string().nullable(),
  domain: z.string().nullable(),
  port: z.int().nullable(),
  attached: z.boolean(),
  forced: z.boolean(),
  changedMs: z.number(),
  frames: z.object({ up: z.int(), down: z.int(), lost: z.int() }),
});
export const carsOnAir = z.object({ cars: z.array(carOnAir) });

/** Data of the server-sent event `attachment`. */
export const attachmentEvent = z.object({
  car: z.int(),
  atMs: z.number(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  domain: z.string().nullable(),
  port: z.int().nullable(),
});
export type AttachmentEvent = z.infer<typeof attachmentEvent>;
export type CarOnAirAnswer = z.infer<typeof carOnAir>;
