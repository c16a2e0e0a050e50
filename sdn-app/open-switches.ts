import type { Timers } from '../common/clock.js';
import type { Resources } from '../common/lifecycle.js';
import type { Log } from '../common/log.js';
import { CONFIG_INVALID, EdgetwinError } from '../common/errors.js';
import type { Metrics } from '../common/metrics.js';
import { inUrl } from '../protocol/ipv6.js';
import type { MetricName } from '../protocol/metrics.js';
import type { Topology } from '../protocol/topology.js';
import type { SdnAppConfig } from './config.js';
import { watchAway, type Reached } from './switch-away.js';
import type { FlowSwitch } from './switch/flow-switch.js';
import { openOpenFlow } from './switch/openflow/adapter.js';
import { openRyu } from './switch/ryu/adapter.js';
import { openOfctl } from './switch/ryu/ofctl.js';
import { openSoftSwitch } from './switch/soft.js';

interface Told {
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  readonly timers: Timers;
}

type SwitchConfig = Pick<
  SdnAppConfig,
  | 'switch.kind'
  | 'switch.datapath'
  | 'switch.control'
  | 'switch.ryu.url'
  | 'switch.ryu.app'
  | 'switch.openflow.listen'
  | 'switch.openflow.switches'
  | 'switch.openflow.echoIntervalMs'
  | 'switch.openflow.echoMisses'
>;

/**
 * The switches that this app leads: those of the settings, by default all of the topology. One that stays away is logged.
 * CONFIG_INVALID where they do not fit.
 */
export function openSwitches(config: SwitchConfig, topology: Topology, open: Resources, told: Told): FlowSwitch[] {
  const switches = reachedBy(config, topology, open, told);
  open.use(watchAway(switches, told));
  return switches.map(({ one }) => one);
}

function reachedBy(config: SwitchConfig, topology: Topology, open: Resources, told: Told): Reached[] {
  const { log, metrics } = told;
  const configured = config['switch.datapath'];
  const datapaths = configured.length > 0 ? configured : topology.switches.map(({ datapath }) => datapath);
  if (config['switch.kind'] === 'openflow') return byOpenFlow(config, datapaths, open, told);
  if (config['switch.kind'] === 'ryu') {
    const options = {
      url: config['switch.ryu.url'],
      onForeignFlows: (datapath: number, count: number) => log.warn({ event: 'sdn.foreign-flows', datapath, count }),
      onMissedCopies: (_datapath: number, count: number) =>
        metrics.count('sdn_packet_ins_total', { of: 'missed' }, count),
    };
    const ryu = open.use(config['switch.ryu.app'] === 'present' ? openRyu(options) : openOfctl(options));
    return datapaths.map(datapath => ({ one: open.use(ryu.switchOf(datapath)), url: config['switch.ryu.url'] }));
  }
  const controls = config['switch.control'];
  if (controls.length !== datapaths.length)
    throw new EdgetwinError(
      'CONFIG_INVALID',
      CONFIG_INVALID,
      `switch.control must have one address for each datapath (${datapaths.join(', ')}), not ${controls.length}`,
    );
  return datapaths.map((datapath, at) => {
    const { address, port } = controls[at] ?? { address: '', port: 0 };
    return { one: open.use(openSoftSwitch({ datapath, address, port })), url: `tcp://${inUrl(address)}:${port}` };
  });
}

/** This process is the controller. */
function byOpenFlow(
  config: SwitchConfig,
  datapaths: readonly number[],
  open: Resources,
  { log, timers }: Told,
): Reached[] {
  const listen = config['switch.openflow.listen'];
  const switches = config['switch.openflow.switches'];
  if (listen === undefined && switches.length === 0)
    throw new EdgetwinError(
      'CONFIG_INVALID',
      CONFIG_INVALID,
      'switch.openflow.listen or switch.openflow.switches is required where switch.kind is openflow',
    );
  const controller = open.use(
    openOpenFlow({
      ...{ listen, switches, timers },
      echoIntervalMs: config['switch.openflow.echoIntervalMs'],
      echoMisses: config['switch.openflow.echoMisses'],
      onForeignFlows: (datapath, count) => log.warn({ event: 'sdn.foreign-flows', datapath, count }),
      onBroken: (peer, error) => log.warn({ event: 'sdn.openflow-broken', peer, error }),
    }),
  );
  const places = [...(listen === undefined ? [] : [listen]), ...switches].map(
    ({ address, port }) => `openflow://${inUrl(address)}:${port}`,
  );
  return datapaths.map(datapath => ({ one: open.use(controller.switchOf(datapath)), url: places.join(',') }));
}
