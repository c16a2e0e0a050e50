import type { Log } from '../../common/log.js';
import type { HandoverRecord } from '../../protocol/api/md-manager.js';
import type { Pool } from '../pool/pool.js';
import type { Ledger } from './ledger.js';
import type { VehicleState } from './state.js';
import { targetOf } from './work.js';

export interface BooksDeps {
  readonly pool: Pool;
  readonly ledger: Ledger;
  readonly log: Log;
}

/** Keeps the pool's slots and the ledger in step with the state. */
export function keepBooks(deps: BooksDeps, before: VehicleState | undefined, after: VehicleState): void {
  const { pool, ledger, log } = deps;
  const { vehicle, twin, run, leaving } = after;
  const id = run?.record.id ?? 'none';
  pool.mark(twin.host.host, vehicle, 'assigned', id);
  const target = run === undefined ? undefined : targetOf(run.stage);
  if (target !== undefined) pool.mark(target.host, vehicle, 'reserved', id);
  for (const item of leaving) pool.mark(item.host.host, vehicle, 'draining', item.handover);
  if (run === undefined || before === undefined || (before.run === run && before.leaving === leaving)) return;
  ledger.update(run.record, after, run.intended);
  const reached = newPhase(before.run?.record, run.record);
  if (reached === undefined) return;
  const { way, attempt, epoch, toHost } = run.record;
  log.info({ event: 'manager.handover.phase', handover: id, vehicle, phase: reached, way, attempt, epoch, toHost });
}

function newPhase(before: HandoverRecord | undefined, after: HandoverRecord): string | undefined {
  const had = before?.id === after.id ? before.phases : {};
  return Object.entries(after.phases).find(([phase, at]) => (had as Record<string, number>)[phase] !== at)?.[0];
}
