import { z } from 'zod';
import { attachment, commandHeader, epoch, hostRef, vehicleId } from './common.js';

/** sdn-app, `/v1`. Commands return once a barrier has confirmed them; 409 EPOCH_STALE below the highest epoch seen. */

/** PUT /v1/vehicles/{vehicle}: registration or recovery: way out and back-up routes to `host`. 200 {vehicleFlows}. */
export const installRequest = z.strictObject({
  header: commandHeader,
  number: z.int().min(0),
  host: hostRef,
  attachment: attachment.optional(),
});
/** PUT /v1/vehicles/{vehicle}/redirect: the swap, both directions. 200 {vehicleFlows}. The old host's way out stays. */
export const redirectRequest = z.strictObject({ header: commandHeader, host: hostRef });
/** POST /v1/vehicles/{vehicle}/retire: remove the way out of a drained host. 204. */
export const retireRequest = z.strictObject({ header: commandHeader, host: hostRef });

export const vehicleFlows = z.object({
  vehicle: vehicleId,
  number: z.int(),
  attachment: attachment.optional(),
  host: hostRef,
  highestEpoch: epoch,
  /** Hosts whose way out is installed. */
  waysOut: z.array(z.string()),
  state: z.enum(['waiting', 'attached', 'moving']),
});
export type VehicleFlows = z.infer<typeof vehicleFlows>;
/** GET /v1/vehicles → {vehicles}; GET /v1/vehicles/{vehicle}. */
export const vehicleFlowsList = z.object({ vehicles: z.array(vehicleFlows) });

/** GET /v1/check: flows read back from the switch by cookie. */
export const switchCheck = z.object({
  connected: z.boolean(),
  flows: z.array(
    z.object({
      table: z.int(),
      priority: z.int(),
      vehicle: z.int(),
      epochLow: z.int(),
      kind: z.string(),
      packets: z.int(),
    }),
  ),
  drops: z.record(z.string(), z.int()),
  /** Flows that should be there and are not, and the reverse. */
  missing: z.int(),
  foreign: z.int(),
});
export type SwitchCheck = z.infer<typeof switchCheck>;
