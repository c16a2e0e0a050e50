import type { Clock, Timers } from '../common/clock.js';
import type { Log } from '../common/log.js';
import type { Metrics } from '../common/metrics.js';
import type { MetricName } from '../protocol/metrics.js';
import type { Rules } from './attachment/machine.js';
import type { ManagerLink } from './manager-link.js';
import type { Topology } from '../protocol/topology.js';
import type { AddressPlan } from '../protocol/addresses.js';
import type { FlowSwitch } from './switch/flow-switch.js';

/** What the service works with. */
export interface SdnDeps {
  /** One per datapath. */
  readonly switches: readonly FlowSwitch[];
  readonly manager: ManagerLink;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly newId: () => string;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

export interface SdnOptions {
  readonly plan: AddressPlan;
  readonly topology: Topology;
  readonly firstNumber: number;
  readonly rules: Rules;
  readonly lease: {
    /** Same for the life of one process. */
    readonly holder: string;
    /** Where commands for this one go. */
    readonly url: string;
    readonly ttlMs: number;
  };
  /** For so long the first reconciliation waits for switches that are not connected yet. */
  readonly graceMs: number;
}
