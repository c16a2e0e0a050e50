import type { Way } from '../../protocol/api/common.js';

/** Settings that make one way the only one, and what must be so before a car may move. A table; DESIGN §6 has the ways. */
export interface WaySettings {
  readonly manager: readonly string[];
  /** Access points without neighbours: no slot is kept for one vehicle, tickets are. */
  readonly neighbours: boolean;
  /** What the move waits for. */
  readonly ready: 'armed' | 'ticket' | 'slot' | 'no slot';
}

const WARM = 'core=1,edge-1=1,edge-2=1';
const OFF = ['--arming-enabled', 'false'];

export const WAYS: Readonly<Record<Way, WaySettings>> = {
  armed: { manager: ['--pool-size', WARM], neighbours: true, ready: 'armed' },
  ticket: {
    manager: ['--pool-size', WARM, '--tickets-per-domain', '4'],
    neighbours: false,
    ready: 'ticket',
  },
  manager: { manager: [...OFF, '--pool-size', WARM], neighbours: true, ready: 'slot' },
  cold: {
    manager: [
      ...OFF,
      '--pool-size',
      'core=4,edge-1=0,edge-2=0',
      '--pool-twins-per-host',
      '1',
      '--pool-surplus-ms',
      '1',
    ],
    neighbours: true,
    ready: 'no slot',
  },
};

/** Shorter than in use, so that a row takes a minute and not ten: none of them is on the path of a move. */
export const QUICK = {
  manager: ['--dwell-ms', '100', '--grace-ms', '300', '--pool-twins-per-host', '16'],
  sdn: ['--dwell-ms', '100'],
} as const;
