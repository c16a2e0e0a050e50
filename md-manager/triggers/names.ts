import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import type { DeviceName } from '../../protocol/triggers/sighting.js';

const KINDS = ['gpsi', 'supi', 'ipv4', 'ipv6', 'mac', 'address'] as const satisfies readonly DeviceName['kind'][];

/**
 * Whom and what others mean: `vehicles` by `kind:value` of their name for a device, `domains` by their DNAI, zone or
 * instance, `accessPoints` by the names that they have for those of our topology, or by a DNAI that leads to one of them.
 */
const file = z.strictObject({
  vehicles: z.record(z.string().regex(new RegExp(`^(${KINDS.join('|')}):.+`)), z.string()).default({}),
  domains: z.record(z.string(), z.string()).default({}),
  accessPoints: z.record(z.string(), z.string()).default({}),
});

export interface Names {
  vehicleOf(device: DeviceName): string | undefined;
  domainOf(place: string): string | undefined;
  /** An access point of our topology, by their name of it; names that they share with us stand for themselves. */
  accessPointOf(place: string): string;
  /** Those that they have names for. */
  readonly vehicles: readonly string[];
  /** What they call a vehicle. */
  devicesOf(vehicle: string): readonly DeviceName[];
}

/** `domains` of ours go by their own names, too. */
export function namesOf(content: unknown, domains: readonly string[]): Names {
  const { vehicles, domains: places, accessPoints } = file.parse(content);
  const ours = new Set(domains);
  const devices = new Map<string, DeviceName[]>();
  for (const [name, vehicle] of Object.entries(vehicles)) {
    const kind = KINDS.find(one => name.startsWith(`${one}:`));
    if (kind !== undefined)
      devices.set(vehicle, [...(devices.get(vehicle) ?? []), { kind, value: name.slice(kind.length + 1) }]);
  }
  return {
    vehicleOf: ({ kind, value }) => vehicles[`${kind}:${value}`],
    domainOf(place) {
      const domain = places[place] ?? place;
      return ours.has(domain) ? domain : undefined;
    },
    accessPointOf: place => accessPoints[place] ?? place,
    vehicles: [...devices.keys()],
    devicesOf: vehicle => devices.get(vehicle) ?? [],
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
