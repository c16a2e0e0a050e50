import type { Grouping } from './ast.js';
import { derived, dropLabels, keepLabels, NAME, type Labels } from './labels.js';

/** An element of an instant vector. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** When the sample was taken, where it is not the moment of evaluation. */
  readonly timeMs?: number;
}

export type Value =
  | { readonly type: 'scalar'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'vector'; readonly samples: readonly Sample[] };

const groupings = new WeakMap<Grouping, (labels: Labels) => Labels>();

/** Labels by which elements belong together; made once per series and expression. */
export function grouped(grouping: Grouping): (labels: Labels) => Labels {
  const known = groupings.get(grouping);
  if (known !== undefined) return known;
  const made = derived(labels =>
    grouping.keep ? keepLabels(labels, grouping.labels) : dropLabels(labels, [NAME, ...grouping.labels]),
  );
  groupings.set(grouping, made);
  return made;
}
