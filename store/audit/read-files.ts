import { createReadStream } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { z } from 'zod';
import { CONFIG_INVALID, EdgetwinError, messageOf } from '../../common/errors.js';
import type { VehicleMarks } from './types.js';
import { Witness } from './witness.js';

const vehicleMarks = z.object({
  /** Absent where the agent never came to know its vehicle: it has accepted nothing. */
  vehicle: z.string().optional(),
  boots: z.array(z.object({ boot: z.int(), sampled: z.int(), accepted: z.int() })),
  pending: z.int().optional(),
  resent: z.int().optional(),
});
const marksFile = z.union([vehicleMarks, z.array(vehicleMarks)]);

const refuse = (path: string, cause: unknown): EdgetwinError =>
  new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, `${path}: ${messageOf(cause)}`, { cause });

/** The marks in some files; CONFIG_INVALID where one cannot be read. */
export async function readMarksFiles(paths: readonly string[]): Promise<VehicleMarks[]> {
  const marks: VehicleMarks[] = [];
  for (const path of paths) {
    try {
      const found = marksFile.parse(JSON.parse(await readFile(path, 'utf8')));
      for (const { vehicle, ...rest } of Array.isArray(found) ? found : [found])
        if (vehicle !== undefined) marks.push({ vehicle, ...rest });
    } catch (cause) {
      throw refuse(path, cause);
    }
  }
  return marks;
}

/** The lines of some witness files; a file that is not there is a fault of the settings: CONFIG_INVALID. */
export async function readWitness(paths: readonly string[]): Promise<Witness> {
  const witness = new Witness();
  for (const path of paths) {
    try {
      for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity }))
        if (line !== '') witness.take(line);
    } catch (cause) {
      throw refuse(path, cause);
    }
  }
  return witness;
}

/** Opening would make an empty store where there is none: CONFIG_INVALID instead. */
export async function checkStore(path: string): Promise<void> {
  try {
    await access(join(path, 'data.mdb'));
  } catch (cause) {
    throw refuse(path, cause);
  }
}
