import type { PoolSize } from '../../md-manager/pool/pool-state.js';

/** A pool that keeps as many hosts as ready slots, all of them for hand-overs that come without notice: the fixed policy's. */
export const sized = (n: number): PoolSize => ({ hosts: n, slots: n, reserve: n });
