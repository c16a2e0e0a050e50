import { integer, number, text, type Settings } from '../../common/config.js';
import { DEFAULT_DRIVE } from './drive-file.js';

/** Settings that every part of the lab has which must know where the cars are: the same words give the same places. */
export const DRIVE_SETTINGS = {
  drive: { parse: text, default: DEFAULT_DRIVE, help: 'recording: a CSV file, or drive-06, drive-17' },
  cars: { parse: integer(1, 512), default: '1', help: 'how many cars; car i starts i × 5 s of drive time later' },
  speed: { parse: number(0.1, 100), default: '1', help: 'drive seconds per second of the clock' },
  startAt: { parse: integer(0, 8.64e15), help: 'Unix milliseconds at which the first car starts' },
  block: { parse: integer(0, 1_048_575), help: 'first number of the block of loopback addresses' },
} as const satisfies Settings;
