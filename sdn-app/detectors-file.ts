import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { CONFIG_INVALID, EdgetwinError, messageOf } from '../common/errors.js';
import { DETECTORS, parseDetectors, type Detector } from './attachment/detectors.js';

/** The detector table of a file, or the built-in one. CONFIG_INVALID where the file cannot be read or is not one. */
export function readDetectors(path: string | undefined): readonly Detector[] {
  if (path === undefined) return DETECTORS;
  let tree: unknown;
  try {
    tree = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, `${path} cannot be read: ${messageOf(error)}`);
  }
  return parseDetectors(tree);
}
