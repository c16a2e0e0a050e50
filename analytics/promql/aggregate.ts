import type { Grouping } from './ast.js';
import { signatureOf, type Labels } from './labels.js';
import { promqlFault } from './promql-error.js';
import { grouped, type Sample } from './vector.js';

/** Each gives the elements of one group: one that is all of them, or (`topk`) some of them with their own labels. */
export interface Aggregation {
  readonly param: boolean;
  readonly of: (samples: readonly Sample[], param: number) => number | readonly Sample[];
}

const values = (samples: readonly Sample[]): number[] => samples.map(({ value }) => value);
const total = (samples: readonly Sample[]): number => samples.reduce((sum, { value }) => sum + value, 0);
const mean = (samples: readonly Sample[]): number => total(samples) / samples.length;
const variance = (samples: readonly Sample[]): number => {
  const middle = mean(samples);
  return samples.reduce((sum, { value }) => sum + (value - middle) ** 2, 0) / samples.length;
};
const extreme = (samples: readonly Sample[], isMore: (a: number, b: number) => boolean): number =>
  values(samples).reduce((found, value) => (isMore(value, found) || Number.isNaN(found) ? value : found));

/** NaN is the last of all, whatever the order. */
const ordered = (samples: readonly Sample[], sign: 1 | -1): Sample[] =>
  [...samples].sort((a, b) => {
    const nan = Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value));
    return nan !== 0 ? nan : a.value === b.value ? 0 : a.value < b.value ? -sign : sign;
  });

const some = (sign: 1 | -1) => (samples: readonly Sample[], param: number) => {
  if (Number.isNaN(param)) throw promqlFault('execution', 'Parameter value is NaN');
  return ordered(samples, sign).slice(0, Math.max(0, Math.trunc(param)));
};

/** Linear between the two nearest, as Prometheus has it. */
function quantile(samples: readonly Sample[], q: number): number {
  if (Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const sorted = values(samples).sort((a, b) => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : a - b));
  const rank = q * (sorted.length - 1);
  const low = Math.max(0, Math.floor(rank));
  const weight = rank - Math.floor(rank);
  const high = Math.min(sorted.length - 1, low + 1);
  return (sorted[low] ?? NaN) * (1 - weight) + (sorted[high] ?? NaN) * weight;
}

export const AGGREGATIONS: Readonly<Record<string, Aggregation>> = {
  sum: { param: false, of: total },
  avg: { param: false, of: mean },
  min: { param: false, of: samples => extreme(samples, (a, b) => a < b) },
  max: { param: false, of: samples => extreme(samples, (a, b) => a > b) },
  count: { param: false, of: samples => samples.length },
  group: { param: false, of: () => 1 },
  stddev: { param: false, of: samples => Math.sqrt(variance(samples)) },
  stdvar: { param: false, of: variance },
  quantile: { param: true, of: quantile },
  topk: { param: true, of: some(-1) },
  bottomk: { param: true, of: some(1) },
};

export const sortedByValue = (samples: readonly Sample[], sign: 1 | -1): Sample[] => ordered(samples, sign);

export function aggregate(op: string, grouping: Grouping, samples: readonly Sample[], param: number): Sample[] {
  const groupOf = grouped(grouping);
  const groups = new Map<string, { readonly labels: Labels; readonly samples: Sample[] }>();
  for (const sample of samples) {
    const labels = groupOf(sample.labels);
    const key = signatureOf(labels);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels, samples: [sample] });
    else group.samples.push(sample);
  }
  const found: Sample[] = [];
  for (const { labels, samples: members } of groups.values()) {
    const result = AGGREGATIONS[op]?.of(members, param) ?? NaN;
    if (typeof result === 'number') found.push({ labels, value: result });
    else found.push(...result);
  }
  return found;
}
