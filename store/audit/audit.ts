import { auditActing } from './acting.js';
import { mergeRows } from './merge-rows.js';
import type { AuditInput, AuditResult, ReportCounts, SeqsByBoot, Violation } from './types.js';
import { VehicleTally } from './vehicle-tally.js';

const NO_BOOTS: SeqsByBoot = new Map();

/**
 * Checks guarantees 1 to 5 of DESIGN §10 and makes the counts of §7. Streams: the union of the domains' scans is read
 * once, one vehicle after the other. Rejects with what a scan rejects with.
 */
export async function audit(input: AuditInput): Promise<AuditResult> {
  const perVehicle: ({ readonly vehicle: string } & ReportCounts)[] = [];
  const violations: Violation[] = [];
  const marks = new Map(input.marks.map(mark => [mark.vehicle, mark]));
  const awaited = new Set([...marks.keys(), ...input.acknowledged.keys()]);
  const finish = (tally: VehicleTally): void => {
    const { vehicle } = tally;
    awaited.delete(vehicle);
    const result = tally.finish(marks.get(vehicle), input.acknowledged.get(vehicle) ?? NO_BOOTS);
    perVehicle.push({ vehicle, ...result.counts });
    violations.push(...result.violations);
  };
  let current: VehicleTally | undefined;
  for await (const { row, differs } of mergeRows(input.histories)) {
    if (current?.vehicle !== row.vehicle) {
      if (current !== undefined) finish(current);
      current = new VehicleTally(row.vehicle);
    }
    current.add(row, differs);
  }
  if (current !== undefined) finish(current);
  for (const vehicle of [...awaited].sort()) finish(new VehicleTally(vehicle));
  if (input.acting !== undefined) violations.push(...auditActing(input.acting));
  return { reports: sum(perVehicle), perVehicle, violations };
}

function sum(rows: readonly ReportCounts[]): ReportCounts {
  const total = (field: keyof ReportCounts): number => rows.reduce((so, row) => so + (row[field] ?? 0), 0);
  return {
    sampled: total('sampled'),
    accepted: total('accepted'),
    acknowledged: total('acknowledged'),
    ...(rows.some(row => row.resent !== undefined) ? { resent: total('resent') } : {}),
    stored: total('stored'),
    dropped: total('dropped'),
    lost: total('lost'),
    duplicated: total('duplicated'),
  };
}
