import { z } from 'zod';
import { FORMAT, type CoapResponse } from '../../protocol/coap/types.js';
import { desiredSettings, type DesiredSettings } from '../../protocol/settings.js';

const withSettings = z.object({ settings: desiredSettings });

/** What a 2.04 says that the vehicle is to be set to; what else it says is for people who look at the wire. */
export function settingsIn({ payload, contentFormat }: CoapResponse): DesiredSettings | undefined {
  if (payload === undefined || contentFormat !== FORMAT.json) return undefined;
  try {
    return withSettings.safeParse(JSON.parse(Buffer.from(payload).toString())).data?.settings;
  } catch {
    // A payload beside an acknowledgement that is no JSON: the report is acknowledged all the same.
    return undefined;
  }
}
