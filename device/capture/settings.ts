import { envOf, integer, oneOf, text } from '../../common/config.js';
import type { CaptureHeader } from './lines.js';

/** Settings of recordings. */
export const CAPTURE_SETTINGS = {
  record: {
    parse: text,
    optional: true,
    help: 'write all that adapter and receiver say into this file; where it is there, into FILE.2 and so on',
  },
  'record.maxBytes': {
    parse: integer(65_536, 17_179_869_184),
    default: '268435456',
    help: 'the recording ends there; an hour takes about 5 MB',
  },
  replay: {
    parse: text,
    optional: true,
    help: 'instead of adapter and receiver: such a file. Without --manager-url nothing is sent, and the reports are printed',
  },
  'replay.speed': {
    parse: oneOf('real', 'full'),
    optional: true,
    help: 'as fast as it happened, or as fast as it can; default full where nothing is sent',
  },
} as const;

/** What decides on what is asked of car and receiver, and on what is reported of it; not where they are, nor who we are. */
const SHAPES = /^((obd|fuel|gps|report|clock)\.|uplink\.bytesPerKm$)/;
const IS_A_PLACE = /^(obd\.(tcp|serial|baud)|gps\.(serial|replay))$/;

/** Settings that a capture keeps, as texts. */
export function shapeOf(config: Readonly<Record<string, unknown>>): Record<string, string> {
  const kept = Object.entries(config).filter(
    ([name, value]) => SHAPES.test(name) && !IS_A_PLACE.test(name) && value !== undefined,
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, textOf(value)]));
}

interface Rate {
  readonly tier: string;
  readonly priority?: number;
}

/** The text that gives this value again. */
function textOf(value: unknown): string {
  if (!(value instanceof Map)) return String(value);
  return [...(value as ReadonlyMap<string, Rate | number>)].map(([name, one]) => `${name}=${itemOf(one)}`).join(',');
}

const itemOf = (one: Rate | number): string =>
  typeof one === 'number' ? String(one) : `${one.tier}${one.priority === undefined ? '' : `:${one.priority}`}`;

/**
 * The environment for a replay: what the capture was made with stands behind flags and environment, so that the same is asked.
 * Settings that this release does not have are left out.
 */
export function withShapeOf(
  { settings }: CaptureHeader,
  known: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const shape = Object.entries(settings).filter(([name]) => name in known && SHAPES.test(name));
  return { ...Object.fromEntries(shape.map(([name, value]) => [envOf(name), value])), ...env };
}
