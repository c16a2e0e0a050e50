import { fault } from '../../protocol/errors.js';
import { registration, type Registration } from '../../protocol/api/md-manager.js';
import { MAX_BOOT } from '../../protocol/report.js';
import { z } from 'zod';
import type { Disk } from './disk.js';
import { readKept, writeKept } from './kept-file.js';

/** What a device keeps for life, beside its outbox: its key, its number and twin address, the counter of its boots. */
const KEY_FILE = 'identity.json';
const REGISTRATION_FILE = 'registration.json';
const BOOT_FILE = 'boot.json';

const identityFile = z.object({ schema: z.literal(1), vehicle: z.string(), key: z.string().regex(/^[0-9a-f]{32}$/) });
const bootFile = z.object({ schema: z.literal(1), boot: z.int().min(1).max(MAX_BOOT) });
const registrationFile = z.object({ schema: z.literal(1), registration });

/**
 * The key of this device; made and synced at the first start. `newKey` gives 128 random bits in hex. Throws
 * CONFIG_INVALID where the folder is another vehicle's, OUTBOX_CORRUPT where both copies are damaged: another key would
 * be refused.
 */
export async function deviceKey(disk: Disk, vehicle: string, newKey: () => string): Promise<string> {
  const kept = await readKept(disk, KEY_FILE, identityFile);
  if (kept.found === 'damage') throw fault('OUTBOX_CORRUPT', KEY_FILE);
  const isNew = kept.found === 'nothing';
  const found = isNew ? { schema: 1 as const, vehicle, key: newKey() } : kept.value;
  if (found.vehicle !== vehicle) throw fault('CONFIG_INVALID', `state belongs to ${found.vehicle}, not to ${vehicle}`);
  if (isNew || !kept.sure) await writeKept(disk, KEY_FILE, found);
  return found.key;
}

/** The vehicle that a state folder belongs to. */
export async function vehicleOf(disk: Pick<Disk, 'read'>): Promise<string | undefined> {
  const kept = await readKept(disk, KEY_FILE, identityFile);
  return kept.found === 'value' ? kept.value.vehicle : undefined;
}

/** Undefined where there is none, or none that can be read: it is got anew. */
export async function storedRegistration(disk: Pick<Disk, 'read'>): Promise<Registration | undefined> {
  const kept = await readKept(disk, REGISTRATION_FILE, registrationFile);
  return kept.found === 'value' ? kept.value.registration : undefined;
}

export const keepRegistration = (disk: Disk, value: Registration): Promise<void> =>
  writeKept(disk, REGISTRATION_FILE, { schema: 1, registration: value });

/**
 * The boot of this start, durable when it resolves: one above every earlier one. Where the disk does not tell for sure
 * (it is new, or both copies are damaged), the registration does.
 */
export async function nextBoot(
  disk: Disk,
  highestKnown: number,
  register: (floor: number) => Promise<Registration>,
): Promise<number> {
  const kept = await readKept(disk, BOOT_FILE, bootFile);
  // Either copy will do: a boot was not used before both said it.
  const stored = kept.found === 'value' ? kept.value.boot : 0;
  const floor = Math.max(stored, highestKnown) + 1;
  const boot = kept.found === 'value' ? floor : Math.max(floor, (await register(floor)).nextBoot);
  await writeKept(disk, BOOT_FILE, { schema: 1, boot });
  return boot;
}
