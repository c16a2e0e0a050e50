import type { ErrorRow } from '../../common/errors.js';
import type { MetricRow } from '../../common/metrics.js';
import { ERRORS } from '../../protocol/errors.js';
import { METRICS, METRICS_OF } from '../../protocol/metrics.js';
import { SIGNALS, type SignalRow } from '../../protocol/signals.js';
import { OPERATIONS } from '../../store/cassandra/consistency.js';
import type { Operation } from '../../store/cassandra/operation.js';
import { code, page, table } from './markdown.js';

/** `docs/errors.md`, from the table of error codes. */
export function errorsPage(): string {
  const rows = Object.entries<ErrorRow>(ERRORS).map(([name, row]) => [
    code(name),
    row.say,
    String(row.status ?? '–'),
    row.retry ? 'yes' : 'no',
  ]);
  return page(
    'Error codes',
    'An error leaves a service as problem details (RFC 9457) with `code` and `detail`, a vMD host as a CoAP diagnostic ' +
      'payload `CODE: words`, a command as one line on stderr. Branch on the code, never on the words. *HTTP*: the status ' +
      'where it leaves through REST (– : it never should; 500). *Again*: the same request may succeed later without a ' +
      'change by whoever sent it.',
    [table(['code', 'meaning', 'HTTP', 'again'], rows)],
  );
}

/** Units are ends of names, as Prometheus advises. */
const unitOf = (name: string): string => /_(seconds|bytes)$/.exec(name)?.[1] ?? '';

const partsOf = (name: string): string[] => {
  const parts = Object.keys(METRICS_OF).filter(part => name in METRICS_OF[part as keyof typeof METRICS_OF]);
  return parts.length === Object.keys(METRICS_OF).length ? ['all'] : parts;
};

/** `docs/metrics.md`, from the table of metrics. */
export function metricsPage(): string {
  const rows = Object.entries<MetricRow>(METRICS).map(([name, row]) => [
    code(name),
    row.kind,
    unitOf(name),
    (row.labels ?? []).map(code).join(', '),
    partsOf(name).join(', '),
    row.help,
  ]);
  return page(
    'Metrics',
    'Every service answers `GET /metrics` in the Prometheus text format: the metrics that it counts, and those of its process ' +
      '(`process_…`, `nodejs_…`) where it has them. A gauge that was never set is not there. No vehicle is a label, but in the ' +
      'bounded list of those that were heard longest ago. [operations.md](operations.md) says which ones to watch, and has ' +
      'dashboards and alerts of them.',
    [table(['name', 'kind', 'unit', 'labels', 'of', 'meaning'], rows)],
  );
}

/** Without the digits that only binary fractions have. */
const shown = (value: number): string => String(Number(value.toPrecision(7)));

/** `docs/signals.md`, from the catalogue. */
export function signalsPage(): string {
  const rows = (SIGNALS as readonly SignalRow[]).map(row => [
    code(row.wire),
    code(row.path),
    row.label,
    row.unit,
    row.obd === undefined ? '' : row.obd.pid.toString(16).toUpperCase().padStart(2, '0'),
    row.obd === undefined ? '' : code(row.obd.formula),
    row.min === undefined || row.max === undefined ? row.kind : `${shown(row.min)} … ${shown(row.max)}`,
    row.resolution === undefined ? '' : shown(row.resolution),
    row.tier,
    row.paper ? 'yes' : '',
  ]);
  return page(
    'Signals',
    'The catalogue: reports carry the wire name, every API that people see the path (COVESA VSS; raw readings of the car ' +
      'under its OBD overlay). *PID*: of SAE J1979 service 01, hexadecimal; *formula*: of its data bytes A, B, C …; a car ' +
      'that says in byte A that it lacks a sensor has no such value. Every PID of a fixed formula up to A6 is here; not A3 ' +
      '(several forms), and 02 belongs to freeze frames. A value outside the range is stored and ' +
      'flagged, and never becomes live. *Step*: of the source; a report rounds by at most a quarter of it. *Paper*: one of ' +
      'the thirteen of MIGRATE §V-C (position counts as one).',
    [table(['wire', 'path', 'signal', 'unit', 'PID', 'formula', 'range', 'step', 'tier', 'paper'], rows)],
  );
}

/** `docs/consistency.md`, from the table of operations on Cassandra. */
export function consistencyPage(): string {
  const rows = Object.entries<Operation>(OPERATIONS).map(([name, row]) => [
    code(name),
    row.keyspace,
    row.kind,
    row.serial === undefined ? row.consistency : `${row.serial}, commit ${row.consistency}`,
    String(row.timeoutMs),
    row.why,
  ]);
  return page(
    'Consistency on Cassandra',
    'Every statement that the services send has the name of one of these operations, and its consistency from here. *cas*: ' +
      'a lightweight transaction; LOCAL_SERIAL, which does not exclude across datacentres, is not among the levels. *ms*: ' +
      'how long one node is waited for. [decisions/cassandra.md](decisions/cassandra.md) says what stands on this.',
    [table(['operation', 'keyspace', 'kind', 'consistency', 'ms', 'why'], rows)],
  );
}
