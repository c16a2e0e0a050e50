import type { Flow } from '../switch/flow-switch.js';
import type { Kind } from './cookie.js';
import type { HostEnd } from './view.js';

/** Priorities of table 1 (DESIGN §5). Those between 100 and 80 that it does not name keep the tags of one port apart. */
export const PRIORITY = {
  path: 100,
  asked: 98,
  contested: 97,
  armed: 95,
  backup: 90,
  answered: 85,
  shared: 82,
  unknown: 80,
} as const;

/** A row of a table before it has its cookie. */
export interface Row extends Pick<Flow, 'table' | 'priority' | 'match' | 'actions'> {
  readonly kind: Kind;
  /** Epoch of the redirect that it belongs to; absent: the one in force. */
  readonly epoch?: number;
}

/** A host that frames of the vehicle may be at, or on their way to. */
export interface End {
  readonly host: HostEnd;
  readonly kind: 'wayOut' | 'armed';
  readonly epoch: number;
}
