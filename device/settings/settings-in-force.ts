import type { WireSettings } from '../../protocol/settings.js';
import type { DeviceConfig } from '../config.js';
import { SLOW_MS } from '../sampling/car-of-config.js';
import type { Rates, TierPeriods } from '../sampling/scheduler.js';

/** What the agent does by settings that may change while it runs. */
export interface SettingsInForce {
  readonly periods: TierPeriods;
  readonly rates: Rates;
  /** By wire name, in the signal's unit. */
  readonly thresholds: ReadonlyMap<string, number>;
  readonly reportIntervalMs: number;
  readonly batchMax: number;
  /** 0: no budget. */
  readonly bytesPerKm: number;
}

/** By the device's own configuration. */
export function ownSettings(config: DeviceConfig): SettingsInForce {
  return {
    periods: { fast: 1_000 / config['obd.fastHz'], medium: 1_000, slow: SLOW_MS },
    rates: config['obd.rates'],
    thresholds: config['report.thresholds'],
    reportIntervalMs: config['report.intervalMs'],
    batchMax: config['uplink.batchMax'],
    bytesPerKm: config['uplink.bytesPerKm'],
  };
}

/** The same, where an operator has set something else. Rates and thresholds of signals that are not named stay as they are. */
export function withSettings(own: SettingsInForce, set: WireSettings): SettingsInForce {
  const { tiers, rates, thresholds, reportIntervalMs, batchMax, bytesPerKm } = set;
  return {
    periods: {
      fast: tiers?.fastMs ?? own.periods.fast,
      medium: tiers?.mediumMs ?? own.periods.medium,
      slow: tiers?.slowMs ?? own.periods.slow,
    },
    rates: new Map([
      ...own.rates,
      ...Object.entries(rates ?? {}).map(
        ([name, { tier, priority }]) => [name, { tier, ...(priority === undefined ? {} : { priority }) }] as const,
      ),
    ]),
    thresholds: new Map([...own.thresholds, ...Object.entries(thresholds ?? {})]),
    reportIntervalMs: reportIntervalMs ?? own.reportIntervalMs,
    batchMax: batchMax ?? own.batchMax,
    bytesPerKm: bytesPerKm ?? own.bytesPerKm,
  };
}
