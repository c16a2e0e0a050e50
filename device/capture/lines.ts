import { z } from 'zod';
import { fault } from '../../protocol/errors.js';
import { desiredSettings } from '../../protocol/settings.js';

/**
 * A capture: JSON lines, each with `t`, seconds since it began. Two public forms go together in it (CONVENTIONS §10): the
 * ELM transcript, `{"t":1.25,"dir":"tx","data":"010C1\r"}`, a character for a byte, and gpsd's own objects with a `t` before
 * them, `{"t":1.3,"class":"TPV",…}`. What else an agent hears has lines of its own: the link, the receiver, the clock, its twin.
 */
export const CAPTURE_SCHEMA = 1;

const say = z.string().optional();

/** What the agent was told before anything happened; its first line. */
const header = z.object({
  schema: z.literal(CAPTURE_SCHEMA),
  /** UTC, for people. */
  startedAt: z.string().optional(),
  /** Settings that shape what is asked and reported, as texts. */
  settings: z.record(z.string(), z.string()).default({}),
  /** The newest time that was trusted before. */
  trustedMs: z.number().optional(),
  /** What an operator had set by then. */
  desired: desiredSettings.optional(),
});
export type CaptureHeader = z.infer<typeof header>;

const line = z.union([
  z.object({ capture: header }),
  /** Bytes to the adapter and from it, as they came. */
  z.object({ dir: z.enum(['tx', 'rx']), data: z.string() }),
  /** An attempt to reach the adapter, what came of it, and that the adapter went. */
  z.object({ link: z.enum(['opening', 'open', 'failed', 'closed']), name: z.string().optional(), say }),
  /** An attempt to reach gpsd or to open the receiver's port, and its end. */
  z.object({ gps: z.enum(['opening', 'gone']), say }),
  /** A line of gpsd that is no object, as it was. */
  z.object({ gpsd: z.string() }),
  /** Characters of a receiver that speaks NMEA 0183, as they came. */
  z.object({ nmea: z.string() }),
  /** The system's clock at this moment, and whether the machine says that it is synchronised; when either changed. */
  z.object({ clock: z.object({ utcMs: z.number(), synchronised: z.boolean() }) }),
  /** The twin says what the vehicle is to be set to. */
  z.object({ told: desiredSettings }),
  /** The twin asks for a signal: GET with this path and query. */
  z.object({ asked: z.object({ path: z.array(z.string()), query: z.array(z.string()).optional() }) }),
  /** So many lines found no room. */
  z.object({ lost: z.int().min(1) }),
]);
export type CaptureLine = z.infer<typeof line>;

/** Where the lines of a capture stand: what happened, milliseconds after it began. */
export type CaptureEntry = { readonly atMs: number } & CaptureLine;

const OBJECT_OF_GPSD = /^\{"class":"/;
const TIMED = /^\{"t":\d+(?:\.\d+)?,/;
const BYTES = /^[\0-\xff]*$/;
const seconds = (ms: number): string => String(Number((ms / 1000).toFixed(6)));

/** A line with its end. */
export function encodeLine(atMs: number, entry: CaptureLine): string {
  const json = 'gpsd' in entry && isObjectOfGpsd(entry.gpsd) ? entry.gpsd : JSON.stringify(entry);
  return `{"t":${seconds(atMs)},${json.slice(1)}\n`;
}

/** What gpsd says is kept as it is where a `t` can be put before it, and taken away again. */
function isObjectOfGpsd(text: string): boolean {
  if (!OBJECT_OF_GPSD.test(text)) return false;
  try {
    const tree = JSON.parse(text) as object;
    return !('t' in tree) && !/[\r\n]/.test(text);
  } catch {
    // Half an object is no object.
    return false;
  }
}

/** One line without its end; `t` in milliseconds as it stands there. Throws CAPTURE_INVALID without a place. */
export function decodeLine(text: string): CaptureEntry {
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch (cause) {
    throw fault('CAPTURE_INVALID', 'this is not JSON', { cause });
  }
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree))
    throw fault('CAPTURE_INVALID', 'no JSON object');
  if (!('t' in tree) || typeof tree.t !== 'number' || !(tree.t >= 0))
    throw fault('CAPTURE_INVALID', 'it has no t, the seconds since the recording began');
  // Whole microseconds, as they are written: 8.157 s are 8,157 ms and not a billionth more.
  const atMs = Math.round(tree.t * 1e6) / 1e3;
  if ('class' in tree && typeof tree.class === 'string') {
    const { t: _, ...object } = tree;
    return { atMs, gpsd: TIMED.test(text) ? `{${text.replace(TIMED, '')}` : JSON.stringify(object) };
  }
  if ('capture' in tree && !isOfThisSchema(tree.capture))
    throw fault('STORE_SCHEMA', `a recording of another schema than ${CAPTURE_SCHEMA}`);
  const found = line.safeParse(tree);
  if (!found.success) throw fault('CAPTURE_INVALID', 'nothing that a recording holds');
  if ('data' in found.data && !BYTES.test(found.data.data))
    throw fault('CAPTURE_INVALID', 'data has a character that is no byte');
  return { atMs, ...found.data };
}

const isOfThisSchema = (tree: unknown): boolean =>
  typeof tree === 'object' && tree !== null && 'schema' in tree && tree.schema === CAPTURE_SCHEMA;
