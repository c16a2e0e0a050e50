import { z } from 'zod';
import { replaceFile, type Disk } from '../uplink/disk.js';
import { isPlausibleDate } from './calendar.js';

/** The newest time that was trusted, kept over starts: a clock that begins before it is wrong. */
const FILE = 'clock.json';
const lastTimeFile = z.object({ schema: z.literal(1), trustedMs: z.number() });
/** Wear: a small file, this often at most. */
const EVERY_MS = 600_000;

/** What is kept; undefined where nothing is, or what is there cannot be. */
export async function readLastTime(disk: Pick<Disk, 'read'>): Promise<number | undefined> {
  const bytes = await disk.read(FILE);
  if (bytes === undefined) return undefined;
  try {
    const { trustedMs } = lastTimeFile.parse(JSON.parse(new TextDecoder().decode(bytes)));
    return isPlausibleDate(trustedMs) ? trustedMs : undefined;
  } catch {
    // It is an aid; a damaged one is made anew with the next time that is trusted.
    return undefined;
  }
}

/** Keeps the newest trusted time, now and then. */
export class LastTime {
  readonly #disk: Disk;
  #keptAtMs = -Infinity;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Rejects with the disk's errors. */
  async keep(trustedMs: number, monoMs: number): Promise<void> {
    if (monoMs - this.#keptAtMs < EVERY_MS) return;
    this.#keptAtMs = monoMs;
    const text = `${JSON.stringify({ schema: 1, trustedMs: Math.round(trustedMs) })}\n`;
    await replaceFile(this.#disk, FILE, new TextEncoder().encode(text));
  }
}
