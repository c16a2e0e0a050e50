import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { messageOf } from '../common/errors.js';
import { fault } from './errors.js';
import { parseTopology, type Topology } from './topology.js';

/** Reads a topology from a YAML or JSON file. TOPOLOGY_INVALID names the file, or every fault in it at once. */
export function readTopology(file: string): Topology {
  let tree: unknown;
  try {
    tree = parseYaml(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw fault('TOPOLOGY_INVALID', `${file}: ${messageOf(cause)}`, { cause });
  }
  return parseTopology(tree);
}
