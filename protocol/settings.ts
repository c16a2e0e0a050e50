import { z } from 'zod';
import { fault } from './errors.js';
import type { SenmlValue } from './senml.js';
import { signalByPath, signalByWire, type SignalRow } from './signals.js';

/**
 * What an operator may set of a vehicle while it drives. What is absent is as the device's own configuration has it. In the
 * API signals have their VSS paths, on the way to the car their wire names: all of it travels in one acknowledgement.
 */
export const SETTINGS_MAX_BYTES = 768;

const TIER_MAX_MS = 3_600_000;
const tierMs = z.int().min(50).max(TIER_MAX_MS).optional();
/** Instead of the tier of the catalogue; `off`: the car is not asked for it. */
const rate = z.strictObject({
  tier: z.enum(['fast', 'medium', 'slow', 'off']),
  /** Within its tier: twice as much is twice as often where there is not enough for all. */
  priority: z.int().min(1).max(999).optional(),
});

/** Names that `find` knows, and of which `isOne` says that they are of the right kind. */
function named(find: (name: string) => SignalRow | undefined, isOne: (row: SignalRow) => boolean, words: string) {
  return z.string().refine(
    name => {
      const row = find(name);
      return row !== undefined && isOne(row);
    },
    { error: issue => `'${String(issue.input)}' is no ${words}` },
  );
}

const settingsBy = (find: (name: string) => SignalRow | undefined) =>
  z.strictObject({
    /** Milliseconds between two samples of a signal, by tier. */
    tiers: z.strictObject({ fastMs: tierMs, mediumMs: tierMs, slowMs: tierMs }).optional(),
    rates: z
      .record(
        named(find, row => row.obd !== undefined, 'signal of the car'),
        rate,
      )
      .optional(),
    /** Changes from the last reported value that are worth no record, in the signal's unit; the refresh comes all the same. */
    thresholds: z
      .record(
        named(find, row => row.kind === 'number', 'signal with numbers'),
        z.number().min(0),
      )
      .optional(),
    reportIntervalMs: z.int().min(50).max(60_000).optional(),
    /** Reports of a backlog that share a datagram, at most. */
    batchMax: z.int().min(1).max(16).optional(),
    /** Bytes of reports on their way, headers included, for each kilometre driven; 0: as many as there are. */
    bytesPerKm: z.int().min(0).max(100_000_000).optional(),
  });

/** By VSS path. */
export const vehicleSettings = settingsBy(signalByPath);
export type VehicleSettings = z.infer<typeof vehicleSettings>;
/** By wire name. */
export const wireSettings = settingsBy(signalByWire);
export type WireSettings = z.infer<typeof wireSettings>;

/** On the way to the car. A twin hands on what it does not know: the car may be of a newer release. */
export const desiredSettings = z.object({
  version: z.int().min(1),
  settings: z.record(z.string(), z.unknown()),
});
export type DesiredSettings = z.infer<typeof desiredSettings>;

/** What a device says of the newest version that it was told. Version 0 is its own configuration alone. */
export const reportedSettings = z.object({
  version: z.int().min(0),
  result: z.enum(['applied', 'refused']),
  /** Why it was refused. */
  reason: z.string().optional(),
});
export type ReportedSettings = z.infer<typeof reportedSettings>;

/** How the newest version of a vehicle's settings stands, in lists. */
export const settingsState = z.object({ version: z.int(), state: z.enum(['pending', 'applied', 'refused']) });
export type SettingsState = z.infer<typeof settingsState>;

/** The same settings by wire name. Throws REQUEST_INVALID where they do not fit into an acknowledgement. */
export function toWire(settings: VehicleSettings): WireSettings {
  const { rates, thresholds, ...rest } = settings;
  const byWire = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(values).map(([path, value]) => [signalByPath(path)?.wire ?? path, value]));
  const wire: WireSettings = {
    ...rest,
    ...(rates === undefined ? {} : { rates: byWire(rates) }),
    ...(thresholds === undefined ? {} : { thresholds: byWire(thresholds) }),
  };
  const bytes = JSON.stringify(wire).length;
  if (bytes > SETTINGS_MAX_BYTES)
    throw fault('REQUEST_INVALID', `settings of ${bytes} bytes; ${SETTINGS_MAX_BYTES} fit into an acknowledgement`);
  return wire;
}

/** What a device makes of settings that came: all of them, or the reason why it takes none. */
export function readWireSettings(settings: unknown): { settings: WireSettings } | { reason: string } {
  const found = wireSettings.safeParse(settings);
  if (found.success) return { settings: found.data };
  const reasons = found.error.issues.map(issue => {
    // What is wrong with a key is told one level down.
    const { message } = issue.code === 'invalid_key' ? (issue.issues[0] ?? issue) : issue;
    return [...(issue.path.length > 0 ? [issue.path.join('.')] : []), message].join(': ');
  });
  return { reason: reasons.join('; ') };
}

const REASON_MAX = 120;

/** Value of META.settings. */
export const encodeReported = ({ version, result, reason }: ReportedSettings): string =>
  [version, result, ...(reason === undefined ? [] : [reason.slice(0, REASON_MAX)])].join(',');

export function decodeReported(text: SenmlValue): ReportedSettings | undefined {
  const found = /^(\d{1,15}),(applied|refused)(?:,([\s\S]*))?$/.exec(String(text));
  if (found === null) return undefined;
  const [, version, result, reason] = found;
  return {
    version: Number(version),
    result: result as ReportedSettings['result'],
    ...(reason === undefined ? {} : { reason }),
  };
}
