import { encodeReport } from '../../protocol/report.js';
import { signalByWire, type Tier } from '../../protocol/signals.js';
import type { ReportBeat } from '../report-beat.js';
import type { CarLoop } from '../sampling/car-loop.js';
import type { ReportBuilder } from '../sampling/report-builder.js';
import type { Reading } from '../sampling/reading.js';
import type { Uplink } from '../uplink/uplink.js';
import type { SettingsInForce } from './settings-in-force.js';

/** The parts of an agent that go by settings. */
export interface Governed {
  readonly vehicle: string;
  readonly builder: ReportBuilder;
  readonly beat: ReportBeat;
  readonly uplink: Pick<Uplink, 'setRules'>;
  readonly car: Pick<CarLoop, 'setPlan'> | undefined;
  readonly syncMs: number;
}

/** How much sooner a signal is said again under a budget, by tier; its priority multiplies that. */
const WEIGHTS: Readonly<Record<Tier, number>> = { fast: 16, medium: 4, slow: 1 };
/** IPv4, UDP and CoAP around a report, and the acknowledgement. */
const HEADERS_BYTES = 49 + 40;

/** From now on these hold, in every part. */
export function putInForce(settings: SettingsInForce, { vehicle, builder, beat, uplink, car, syncMs }: Governed): void {
  const { rates, periods, thresholds, bytesPerKm, batchMax, reportIntervalMs } = settings;
  const weightOf = (name: string): number => {
    const { tier = signalByWire(name)?.tier ?? 'slow', priority = 1 } = rates.get(name) ?? {};
    return tier === 'off' ? 0 : WEIGHTS[tier] * priority;
  };
  builder.setRules({ thresholds, bytesPerKm, weightOf, bytesOf: readings => bytesOf(vehicle, readings) });
  car?.setPlan({ rates, periods });
  uplink.setRules({ batchMax, liveMs: 2 * reportIntervalMs + syncMs });
  beat.set(reportIntervalMs);
}

/** Of a report somewhere in the life of a device. */
const SOME = { boot: 1_000, seq: 1_000_000, timeMs: 2 ** 40 };

const bytesOf = (vehicle: string, readings: readonly Reading[]): number => {
  const newestMs = Math.max(...readings.map(({ monoMs }) => monoMs));
  const samples = readings.map(({ name, value, monoMs }) => ({ name, value, timeMs: SOME.timeMs + monoMs - newestMs }));
  return HEADERS_BYTES + encodeReport({ vehicle, ...SOME, samples }).length;
};
