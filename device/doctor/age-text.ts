const UNITS: readonly (readonly [ms: number, one: string, many: string])[] = [
  [86_400_000, 'day', 'days'],
  [3_600_000, 'hour', 'hours'],
  [60_000, 'minute', 'minutes'],
  [1_000, 'second', 'seconds'],
];

/** A time as people say it: `3 minutes`, `40 ms`. */
export function durationText(ms: number): string {
  for (const [unit, one, many] of UNITS) {
    const count = Math.round(ms / unit);
    if (ms >= unit && count >= 1) return `${count} ${count === 1 ? one : many}`;
  }
  return `${Math.round(ms)} ms`;
}

export const ageText = (ms: number): string => (ms < 1_000 ? 'just now' : `${durationText(ms)} ago`);

/** `16 MB`. */
export const bytesText = (bytes: number): string =>
  bytes >= 1e9
    ? `${(bytes / 1e9).toFixed(1)} GB`
    : bytes >= 1e6
      ? `${(bytes / 1e6).toFixed(1)} MB`
      : `${Math.ceil(bytes / 1e3)} kB`;
