import { fault } from '../../protocol/errors.js';

/** Offsets of zones change at whole quarters of an hour. */
const QUARTER_MS = 900_000;

/**
 * RFC 3339 with milliseconds in a time zone (IANA name), with its offset; UTC ends in Z. The offset is looked up once a
 * quarter of an hour: a download has a time for each of its rows. REQUEST_INVALID for a zone that is none.
 */
export function localTime(zone: string): (timeMs: number) => string {
  if (zone === 'UTC') return timeMs => new Date(timeMs).toISOString();
  const offsets = offsetsOf(zone);
  let quarter = NaN;
  let offsetMs = 0;
  let text = 'Z';
  return timeMs => {
    const now = Math.floor(timeMs / QUARTER_MS);
    if (now !== quarter) {
      quarter = now;
      offsetMs = offsets(now * QUARTER_MS);
      text = offsetText(offsetMs);
    }
    return new Date(timeMs + offsetMs).toISOString().slice(0, -1) + text;
  };
}

function offsetsOf(zone: string): (timeMs: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch (cause) {
    throw fault('REQUEST_INVALID', `query: tz ${zone} is no time zone`, { cause });
  }
  return timeMs => {
    const name = format.formatToParts(timeMs).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  };
}

function offsetText(offsetMs: number): string {
  const minutes = Math.abs(offsetMs) / 60_000;
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');
  return `${offsetMs < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}
