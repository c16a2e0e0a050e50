import { decodeBoot, encodeBoot, encodeReport, META, REPORT_MAX_BYTES, type ReportId } from '../../protocol/report.js';
import type { Sample } from '../../protocol/sample.js';
import { fault } from '../../protocol/errors.js';
import type { HeldSample } from './records.js';
import type { Stamp } from '../clock/time-base.js';

/** A step back of the clock up to this long does not turn the order of a boot's key times round. */
const KEEP_ORDER_MS = 1_000;

export interface Stamped {
  readonly bytes: Uint8Array;
  readonly timeMs: number;
}

/**
 * Freezes a report: monotonic times become UTC by the offset, the key time is the newest sample's and above `afterMs`,
 * the key time of the boot's report before. Throws REPORT_TOO_LARGE.
 */
export function stampReport(id: ReportId, held: readonly HeldSample[], stamp: Stamp, afterMs: number): Stamped {
  const samples: Sample[] = held.map(({ name, value, monoMs }) => ({
    name,
    value: name === META.boot ? withClock(value, stamp) : value,
    timeMs: monoMs + stamp.offsetMs,
  }));
  const newestMs = Math.round(Math.max(...samples.map(sample => sample.timeMs)));
  const timeMs = newestMs <= afterMs && afterMs - newestMs < KEEP_ORDER_MS ? afterMs + 1 : newestMs;
  const bytes = encodeReport({
    ...id,
    timeMs,
    samples: samples.map(s => ({ ...s, timeMs: Math.min(s.timeMs, timeMs) })),
  });
  if (bytes.length > REPORT_MAX_BYTES) throw fault('REPORT_TOO_LARGE', `${bytes.length} bytes`);
  return { bytes, timeMs };
}

/** The boot record says what its stamps rest on, which is known only now. */
function withClock(value: Sample['value'], stamp: Stamp): Sample['value'] {
  const boot = decodeBoot(value);
  return boot === undefined ? value : encodeBoot({ ...boot, clock: stamp.clock });
}
