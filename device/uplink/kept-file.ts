import type { z } from 'zod';
import { replaceFile, type Disk } from './disk.js';
import { crc32 } from './frames.js';

/**
 * A small file that must not be lost: two copies, each a line of JSON and a line with its checksum. A power cut leaves
 * at least one of them whole; damage to one is healed from the other.
 */
export type Kept<T> =
  | { readonly found: 'nothing' }
  /** `sure`: the first copy was whole, and it is the newest. */
  | { readonly found: 'value'; readonly value: T; readonly sure: boolean }
  | { readonly found: 'damage' };

const copyOf = (name: string): string => `${name}.copy`;

/** Rejects with the disk's errors alone. */
export async function readKept<T>(disk: Pick<Disk, 'read'>, name: string, schema: z.ZodType<T>): Promise<Kept<T>> {
  const first = await disk.read(name);
  const value = first === undefined ? undefined : parse(first, schema);
  if (value !== undefined) return { found: 'value', value, sure: true };
  const copy = await disk.read(copyOf(name));
  const second = copy === undefined ? undefined : parse(copy, schema);
  if (second !== undefined) return { found: 'value', value: second, sure: false };
  return { found: first === undefined && copy === undefined ? 'nothing' : 'damage' };
}

/** Durable when it resolves; the first copy already was before the second is touched. */
export async function writeKept(disk: Disk, name: string, value: unknown): Promise<void> {
  const json = new TextEncoder().encode(JSON.stringify(value));
  const line = `${new TextDecoder().decode(json)}\n${crc32(json).toString(16).padStart(8, '0')}\n`;
  const bytes = new TextEncoder().encode(line);
  await replaceFile(disk, name, bytes);
  await replaceFile(disk, copyOf(name), bytes);
}

/** Files of release 0.1.0 have no checksum. */
function parse<T>(bytes: Uint8Array, schema: z.ZodType<T>): T | undefined {
  const [json = '', checksum] = new TextDecoder().decode(bytes).split('\n');
  if (
    checksum !== undefined &&
    checksum !== '' &&
    Number.parseInt(checksum, 16) !== crc32(new TextEncoder().encode(json))
  )
    return undefined;
  try {
    return schema.parse(JSON.parse(json));
  } catch {
    // What damage looks like; the caller is told of it.
    return undefined;
  }
}
