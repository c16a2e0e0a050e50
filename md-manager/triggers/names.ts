import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import type { DeviceName } from '../../protocol/triggers/sighting.js';

/** Whom and what others mean: `vehicles` by `kind:value` of their name for a device, `domains` by their DNAI, zone or instance. */
const file = z.strictObject({
  vehicles: z.record(z.string().regex(/^(gpsi|supi|ipv4|ipv6|mac|address):.+/), z.string()).default({}),
  domains: z.record(z.string(), z.string()).default({}),
});

export interface Names {
  vehicleOf(device: DeviceName): string | undefined;
  domainOf(place: string): string | undefined;
}

/** `domains` of ours go by their own names, too. */
export function namesOf(content: unknown, domains: readonly string[]): Names {
  const { vehicles, domains: places } = file.parse(content);
  const ours = new Set(domains);
  return {
    vehicleOf: ({ kind, value }) => vehicles[`${kind}:${value}`],
    domainOf(place) {
      const domain = places[place] ?? place;
      return ours.has(domain) ? domain : undefined;
    },
  };
}

/** CONFIG_INVALID where the file cannot be read or has another form. */
export function readNames(path: string, domains: readonly string[]): Names {
  try {
    return namesOf(parse(readFileSync(path, 'utf8')), domains);
  } catch (cause) {
    throw fault('CONFIG_INVALID', `triggers.names ${path}: ${messageOf(cause)}`, { cause });
  }
}
