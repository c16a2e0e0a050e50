import { createHash } from 'node:crypto';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { ALL } from './boards/all.js';

/** A dashboard as Grafana reads it. */
export interface BuiltBoard {
  /** Of its file, `edgetwin-fleet.json`. */
  readonly file: string;
  readonly json: Dashboard;
  readonly text: string;
}

/** The same value always gives the same text: keys in order, and none without a value. */
export function stableText(value: unknown): string {
  const sorted = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(sorted);
    if (typeof part !== 'object' || part === null) return part;
    const rows = Object.entries(part).filter(([, inner]) => inner !== undefined);
    return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
  };
  return `${JSON.stringify(sorted(value), undefined, 2)}\n`;
}

/** Its version follows from what it holds: the same dashboard has the same version wherever it is built. */
function versioned(json: Dashboard): Dashboard {
  const digest = createHash('sha256').update(stableText(json)).digest();
  return { ...json, version: digest.readUIntBE(0, 4) >>> 1 };
}

export const buildBoards = (): BuiltBoard[] =>
  Object.values(ALL).map(make => {
    const json = versioned(make());
    return { file: `${json.uid}.json`, json, text: stableText(json) };
  });
