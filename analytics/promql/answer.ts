import type { ResultSeries } from './evaluate.js';
import type { Value } from './vector.js';

/** A value as Go prints it (`strconv.FormatFloat(v, 'f', -1, 64)`): never with an exponent. */
export function valueText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const found = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (found === null) return text;
  const [, sign = '', head = '', tail = '', exponentText = '0'] = found;
  const exponent = Number(exponentText);
  const digits = head + tail;
  return exponent < 0 ? `${sign}0.${'0'.repeat(-exponent - 1)}${digits}` : `${sign}${digits.padEnd(exponent + 1, '0')}`;
}

const point = (timeMs: number, value: number): [number, string] => [timeMs / 1000, valueText(value)];

/** `data` of an answer to `/api/v1/query`. */
export function instantData(
  value: Value | { readonly type: 'matrix'; readonly series: readonly ResultSeries[] },
  timeMs: number,
): unknown {
  switch (value.type) {
    case 'scalar':
      return { resultType: 'scalar', result: point(timeMs, value.value) };
    case 'string':
      return { resultType: 'string', result: [timeMs / 1000, value.value] };
    case 'vector':
      return {
        resultType: 'vector',
        result: value.samples.map(({ labels, value: number }) => ({ metric: labels, value: point(timeMs, number) })),
      };
    case 'matrix':
      return rangeData(value.series);
  }
}

/** `data` of an answer to `/api/v1/query_range`. */
export const rangeData = (series: readonly ResultSeries[]): unknown => ({
  resultType: 'matrix',
  result: series.map(({ labels, points }) => ({
    metric: labels,
    values: points.map(([timeMs, value]) => point(timeMs, value)),
  })),
});
