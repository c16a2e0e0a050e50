import type { AuditResult, ReportCounts } from './types.js';

const COLUMNS = ['sampled', 'accepted', 'acknowledged', 'resent', 'stored', 'dropped', 'lost', 'duplicated'] as const;
/** Vehicles without a fault beyond this many are not listed one by one. */
const LISTED = 50;

/** The result as a table for people. */
export function auditText(result: AuditResult): string {
  const faulty = new Set(result.violations.flatMap(({ vehicle }) => vehicle ?? []));
  const listed = result.perVehicle.filter(({ vehicle }, i) => i < LISTED || faulty.has(vehicle));
  const cells = (name: string, row: ReportCounts): string[] => [
    name,
    ...COLUMNS.map(column => `${row[column] ?? '–'}`),
  ];
  const table = [
    ['vehicle', ...COLUMNS],
    ...listed.map(row => cells(row.vehicle, row)),
    cells(`all ${result.perVehicle.length}`, result.reports),
  ];
  const widths = table[0]?.map((_, i) => Math.max(...table.map(row => row[i]?.length ?? 0))) ?? [];
  const lines = table.map(row =>
    row.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join('  '),
  );
  const faults = result.violations.map(
    ({ guarantee, vehicle, say }) =>
      `guarantee ${guarantee} violated${vehicle === undefined ? '' : ` for ${vehicle}`}: ${say}`,
  );
  const domains = result.domains.map(
    ({ domain, rows, missing }) =>
      `${domain}: ${rows} rows${missing === 0 ? '' : `, ${missing} of the others’ missing`}`,
  );
  return [
    ...lines,
    '',
    ...domains,
    '',
    ...(faults.length === 0 ? ['every guarantee that was checked holds'] : faults),
  ].join('\n');
}
