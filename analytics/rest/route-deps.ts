import type { Clock } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { Topology } from '../../protocol/topology.js';
import type { TwinStore } from '../../store/types.js';
import type { FleetState } from '../live/fleet-state.js';
import type { StreamHub } from '../live/stream-hub.js';
import type { HistoryReader } from '../query/history-reader.js';
import type { TwinReader } from '../query/twin-reader.js';
import type { TwinSource } from '../promql/twin-source.js';

/** What the resources of analytics are answered from. */
export interface RouteDeps {
  readonly fleet: FleetState;
  readonly store: TwinStore;
  readonly twin: TwinReader;
  readonly reader: HistoryReader;
  readonly series: TwinSource;
  readonly log: Log;
  readonly hub: StreamHub;
  readonly topology: Topology;
  readonly clock: Clock;
  readonly metrics: Metrics<MetricName>;
}
