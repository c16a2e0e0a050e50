import type { Timers } from '../../common/clock.js';
import { nodePorts } from './node-ports.js';
import { serialAdapter } from './serial-port.js';
import type { ObdConfig } from './settings.js';
import { openTcpLink } from './tcp-link.js';
import type { OpenLink } from './types.js';

/** The way to the adapter that the settings name; `undefined` where they name none. The serial port goes first. */
export function openLinkOf(config: ObdConfig, timers: Timers): OpenLink | undefined {
  const { 'obd.serial': port, 'obd.tcp': tcp, 'obd.baud': baud } = config;
  if (port !== undefined)
    return serialAdapter({ port, ...(baud === 'auto' ? {} : { baud: Number(baud) }), ports: nodePorts(), timers });
  return tcp === undefined ? undefined : signal => openTcpLink(tcp, signal);
}
