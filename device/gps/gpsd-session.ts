import { fault } from '../../protocol/errors.js';
import type { GpsHandlers } from './gps-source.js';
import { parseGpsdLine, type GpsdObject, type SkyView } from './tpv.js';

/** What a SKY said holds for the TPV of the same receiver this long. */
const SKY_KEPT_MS = 5_000;
/** A daemon that has this many receivers has none of ours. */
const MAX_DEVICES = 16;

/** What gpsd says, line by line, as looks of its receivers: each with its sky, none of one that went. */
export class GpsdSession {
  readonly #handlers: GpsHandlers;
  readonly #skies = new Map<string, { readonly sky: SkyView; readonly heardAtMs: number }>();
  #devices: ReadonlySet<string> = new Set();

  constructor(handlers: GpsHandlers) {
    this.#handlers = handlers;
  }

  take(line: string, heardAtMs: number): void {
    let found: GpsdObject;
    try {
      found = parseGpsdLine(line);
    } catch (error) {
      this.#handlers.onFault(error);
      return;
    }
    switch (found.class) {
      case 'TPV': {
        const seen = this.#skies.get(found.tpv.device ?? '');
        const isNew = seen !== undefined && heardAtMs - seen.heardAtMs < SKY_KEPT_MS;
        this.#handlers.onTpv(isNew ? { ...seen.sky, ...found.tpv } : found.tpv, heardAtMs);
        return;
      }
      case 'SKY': {
        const device = found.device ?? '';
        if (this.#skies.size >= MAX_DEVICES && !this.#skies.has(device)) this.#skies.clear();
        // A SKY without a dilution does not take back the one before (gpsd sends both kinds).
        const before = this.#skies.get(device);
        const isNew = before !== undefined && heardAtMs - before.heardAtMs < SKY_KEPT_MS;
        this.#skies.set(device, { sky: { ...(isNew ? before.sky : {}), ...found.sky }, heardAtMs });
        return;
      }
      case 'DEVICES': {
        const now = new Set(found.devices);
        for (const device of this.#devices) if (!now.has(device)) this.#gone(device);
        this.#devices = now;
        return;
      }
      case 'DEVICE':
        if (found.active) this.#devices = new Set([...this.#devices, found.device].slice(0, MAX_DEVICES));
        else this.#gone(found.device);
        return;
      case 'ERROR':
        this.#handlers.onFault(fault('GPS_MALFORMED', `gpsd refused a request: ${found.message}`));
        return;
      case 'other':
        return;
    }
  }

  #gone(device: string): void {
    this.#skies.delete(device);
    this.#devices = new Set([...this.#devices].filter(other => other !== device));
    this.#handlers.onGone?.(device);
  }
}
