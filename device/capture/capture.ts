import { EdgetwinError } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import { decodeLine, type CaptureEntry, type CaptureHeader } from './lines.js';

/** A capture that was read. */
export interface Capture {
  readonly name: string;
  readonly header: CaptureHeader;
  /** In order; the first is at 0. */
  readonly entries: readonly CaptureEntry[];
  readonly endMs: number;
  /** The last line was cut off in the middle, as a power cut does, and is left out. */
  readonly isTorn: boolean;
  /** Lines that found no room when it was recorded. */
  readonly lost: number;
}

/**
 * Reads a capture. Without a header it is somebody else's transcript: its first moment is its beginning, and nothing is known of
 * a clock. Throws CAPTURE_INVALID or STORE_SCHEMA that name file and line.
 */
export function parseCapture(text: string, name: string): Capture {
  const lines = text.split('\n');
  // What stands after the last end of a line is whole only by chance.
  const rest = lines.pop() ?? '';
  const entries: CaptureEntry[] = [];
  let isTorn = false;
  let header: CaptureHeader = { schema: 1, settings: {} };
  let lost = 0;
  let startMs: number | undefined;
  let lastMs = 0;
  const take = (line: string, number: number): void => {
    const entry = atLine(name, number, () => decodeLine(line));
    startMs ??= entry.atMs;
    const atMs = Math.round((entry.atMs - startMs) * 1e3) / 1e3;
    if (atMs < lastMs) throw fault('CAPTURE_INVALID', `${name}:${number}: its time is before that of the line above`);
    lastMs = atMs;
    if ('capture' in entry) {
      if (entries.length > 0) throw fault('CAPTURE_INVALID', `${name}:${number}: another recording begins here`);
      header = entry.capture;
    } else if ('lost' in entry) lost += entry.lost;
    else entries.push({ ...entry, atMs });
  };
  for (const [index, line] of lines.entries()) if (line.trim() !== '') take(line, index + 1);
  if (rest.trim() !== '') {
    try {
      take(rest, lines.length + 1);
    } catch {
      // The agent ended in the middle of it; what stands before is whole.
      isTorn = true;
    }
  }
  if (entries.length === 0) throw fault('CAPTURE_INVALID', `${name}: nothing is recorded in it`);
  return { name, header, entries, endMs: lastMs, isTorn, lost };
}

function atLine<T>(name: string, number: number, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof EdgetwinError)) throw error;
    const code = error.code === 'STORE_SCHEMA' ? 'STORE_SCHEMA' : 'CAPTURE_INVALID';
    throw fault(code, `${name}:${number}: ${error.detail}`, { cause: error });
  }
}
