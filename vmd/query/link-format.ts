import { DEFAULT_PARAMS } from '../../protocol/coap/params.js';
import { SIGNALS } from '../../protocol/signals.js';

/** What is there to be discovered. */
export interface Discoverable {
  readonly vehicle: string;
  /** Wire names of the signals that have a value. */
  readonly signals: readonly string[];
}

/** A list goes out in blocks; it ends with the last link that fits into a body which our own endpoints put together. */
export const LINKS_MAX_BYTES = DEFAULT_PARAMS.maxBodyBytes;

/**
 * Links of a host (RFC 6690): where reports go, and each signal of each vehicle. `query` holds filters of RFC 6690 §4.1
 * (`href=`, `rt=`, `if=`, `ct=`; `*` at the end stands for any rest), by which one vehicle is asked for at a time.
 */
export function linkFormat(vehicles: Iterable<Discoverable>, query: readonly string[]): string {
  const matches = filtersOf(query);
  let text = '';
  for (const { href, rt, ct, kind, observable } of links(vehicles)) {
    if (!matches({ href, rt, ct: String(ct), if: kind })) continue;
    const link = `${text === '' ? '' : ','}<${href}>;rt="${rt}";if="${kind}";ct=${ct}${observable ? ';obs' : ''}`;
    if (text.length + link.length > LINKS_MAX_BYTES) break;
    text += link;
  }
  return text;
}

interface Link {
  readonly href: string;
  readonly rt: string;
  readonly kind: string;
  readonly ct: number;
  /** RFC 7641 §6. */
  readonly observable: boolean;
}

function* links(vehicles: Iterable<Discoverable>): Generator<Link> {
  yield { href: '/r', rt: 'edgetwin.report', kind: 'core.p', ct: 112, observable: false };
  for (const { vehicle, signals } of vehicles) {
    const known = new Set(signals);
    for (const { wire, path } of SIGNALS)
      if (known.has(wire))
        yield { href: `/v/${vehicle}/s/${path}`, rt: 'vss.signal', kind: 'sensor', ct: 50, observable: true };
  }
}

function filtersOf(query: readonly string[]): (attributes: Readonly<Record<string, string>>) => boolean {
  const filters = query.map(item => {
    const at = item.indexOf('=');
    const pattern = item.slice(at + 1);
    return { name: item.slice(0, at), pattern, open: pattern.endsWith('*') };
  });
  return attributes =>
    filters.every(({ name, pattern, open }) => {
      const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
      if (value === undefined) return false;
      return open ? value.startsWith(pattern.slice(0, -1)) : value === pattern;
    });
}
