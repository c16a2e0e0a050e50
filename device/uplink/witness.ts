import { open } from 'node:fs/promises';
import type { Key } from './key.js';

/** Who is told of every 2.04: a test or a demo that counts for itself. */
export interface Witness extends AsyncDisposable {
  acknowledged(vehicle: string, key: Key): Promise<void>;
}

/** Appends `<vehicle> <boot> <seq>` per acknowledgement. */
export async function openWitnessFile(path: string): Promise<Witness> {
  const file = await open(path, 'a');
  return {
    acknowledged: async (vehicle, { boot, seq }) => {
      await file.appendFile(`${vehicle} ${boot} ${seq}\n`);
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

export const noWitness: Witness = {
  acknowledged: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
