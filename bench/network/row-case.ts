import type { Controller } from '../../lab/site/parts.js';

/** What all rows of the table have in common. */
export interface RowCase {
  /** At least so many. */
  readonly handovers: number;
  /** Distance of the controller, one way. */
  readonly controllerMs: number;
  /** Absent: Ryu. */
  readonly controller?: Controller;
}

/** How the cases of these rows begin, and what tells them from those of other benchmarks in one table. */
export const CASE_PREFIX = 'Open vSwitch, ';
export const caseName = (
  way: string,
  { controllerMs, controller = 'ryu' }: Pick<RowCase, 'controllerMs' | 'controller'>,
): string =>
  `${CASE_PREFIX}${way}, ${controller === 'ryu' ? 'controller' : 'own OpenFlow controller'} at ${controllerMs} ms`;

/** Cars that move by turns, so that a row takes a minute. */
export const CARS = 3;
export const PING_HZ = 1_000;
/** Between what a move waits for and the move: the last word to sdn-app is not to be seen from outside. */
export const REST_MS = 150;
/** Cars move at their own times, which differ in each round. */
export const JITTER_MS = 60;
