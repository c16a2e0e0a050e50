import { fault } from '../../protocol/errors.js';
import { registration, type Registration } from '../../protocol/api/md-manager.js';
import { MAX_BOOT } from '../../protocol/report.js';
import { z } from 'zod';
import { replaceFile, type Disk } from './disk.js';

/** What a device keeps for life, beside its outbox: its key, its number and twin address, the counter of its boots. */
const KEY_FILE = 'identity.json';
const REGISTRATION_FILE = 'registration.json';
const BOOT_FILE = 'boot.json';

const identityFile = z.object({ schema: z.literal(1), vehicle: z.string(), key: z.string().regex(/^[0-9a-f]{32}$/) });
const bootFile = z.object({ schema: z.literal(1), boot: z.int().min(1).max(MAX_BOOT) });
const registrationFile = z.object({ schema: z.literal(1), registration });

/**
 * The key of this device; made and synced at the first start. `newKey` gives 128 random bits in hex.
 * Throws CONFIG_INVALID where the folder is another vehicle's.
 */
export async function deviceKey(disk: Disk, vehicle: string, newKey: () => string): Promise<string> {
  const found = await readJson(disk, KEY_FILE, identityFile);
  if (found === undefined) {
    const key = newKey();
    await writeJson(disk, KEY_FILE, { schema: 1, vehicle, key });
    return key;
  }
  if (found.vehicle !== vehicle) throw fault('CONFIG_INVALID', `state belongs to ${found.vehicle}, not to ${vehicle}`);
  return found.key;
}

/** The vehicle that a state folder belongs to. */
export async function vehicleOf(disk: Pick<Disk, 'read'>): Promise<string | undefined> {
  return (await readJson(disk, KEY_FILE, identityFile))?.vehicle;
}

export async function storedRegistration(disk: Disk): Promise<Registration | undefined> {
  return (await readJson(disk, REGISTRATION_FILE, registrationFile))?.registration;
}

export const keepRegistration = (disk: Disk, value: Registration): Promise<void> =>
  writeJson(disk, REGISTRATION_FILE, { schema: 1, registration: value });

/**
 * The boot of this start, durable when it resolves: one above every earlier one. Where the disk does not tell for sure
 * (it is new, or damaged), the registration does.
 */
export async function nextBoot(
  disk: Disk,
  highestKnown: number,
  register: (floor: number) => Promise<Registration>,
): Promise<number> {
  const stored = await readJson(disk, BOOT_FILE, bootFile);
  const floor = Math.max(stored?.boot ?? 0, highestKnown) + 1;
  const boot = stored === undefined ? Math.max(floor, (await register(floor)).nextBoot) : floor;
  await writeJson(disk, BOOT_FILE, { schema: 1, boot });
  return boot;
}

async function readJson<T>(disk: Pick<Disk, 'read'>, name: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const bytes = await disk.read(name);
  if (bytes === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    // A damaged boot counter or registration is got anew; a damaged key cannot be.
    if (name === KEY_FILE) throw fault('OUTBOX_CORRUPT', name, { cause });
    return undefined;
  }
}

const writeJson = (disk: Disk, name: string, value: unknown): Promise<void> =>
  replaceFile(disk, name, new TextEncoder().encode(`${JSON.stringify(value)}\n`));
