import { fault } from '../../protocol/errors.js';

/**
 * One second of a recording. A cell that was empty is absent: the logger had no value. Position is both or neither.
 * Form: the CSV of the recorded drives in `lab/drives` (columns below, 1 Hz, times ISO 8601 UTC, rising).
 */
export interface DriveRow {
  /** Unix milliseconds of the recording, UTC. */
  readonly timeMs: number;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly altitudeM?: number;
  readonly headingDeg?: number;
  /** As gpsd's mode: 0 unknown, 1 none, 2 two-dimensional, 3 three-dimensional. */
  readonly gpsFix?: number;
  readonly satellites?: number;
  readonly hdop?: number;
  readonly speedKmh?: number;
  readonly engineRpm?: number;
  readonly throttlePct?: number;
}

interface Column {
  readonly name: string;
  readonly field?: Exclude<keyof DriveRow, 'timeMs'>;
  readonly min?: number;
  readonly max?: number;
  readonly required?: true;
}

/** Columns without a field are known, checked for form where they are numbers, and not used. */
const COLUMNS: readonly Column[] = [
  { name: 'time_utc', required: true },
  { name: 'latitude_deg', field: 'latitude', min: -90, max: 90, required: true },
  { name: 'longitude_deg', field: 'longitude', min: -180, max: 180, required: true },
  { name: 'altitude_m', field: 'altitudeM', min: -500, max: 10_000 },
  { name: 'heading_deg', field: 'headingDeg', min: 0, max: 360 },
  { name: 'gps_fix', field: 'gpsFix', min: 0, max: 3 },
  { name: 'satellites', field: 'satellites', min: 0, max: 100 },
  { name: 'hdop', field: 'hdop', min: 0, max: 100 },
  { name: 'speed_kmh', field: 'speedKmh', min: 0, max: 500, required: true },
  { name: 'speed_source' },
  { name: 'engine_rpm', field: 'engineRpm', min: 0, max: 16_383, required: true },
  { name: 'throttle_pct', field: 'throttlePct', min: 0, max: 100, required: true },
  { name: 'accel_x_g', min: -50, max: 50 },
  { name: 'accel_y_g', min: -50, max: 50 },
  { name: 'accel_z_g', min: -50, max: 50 },
];
const byName = new Map(COLUMNS.map(column => [column.name, column]));
const ISO_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const MAX_ROWS = 1_000_000;

const invalid = (line: number, column: string, say: string): Error =>
  fault('DRIVE_INVALID', `line ${line}, column ${column}: ${say}`);

/**
 * Reads a whole recording. Throws DRIVE_INVALID with line (from 1, the header) and column at the first fault.
 * Line ends may be LF or CRLF, a byte order mark may lead, one empty line may end the text.
 */
export function parseDrive(text: string): readonly DriveRow[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const columns = readHeader(lines[0] ?? '');
  if (lines.length - 1 > MAX_ROWS) throw invalid(MAX_ROWS + 2, 'time_utc', `more than ${MAX_ROWS} seconds`);
  const rows: DriveRow[] = [];
  for (let i = 1; i < lines.length; i++) {
    const row = readRow(columns, lines[i] ?? '', i + 1);
    const before = rows.at(-1);
    if (before !== undefined && row.timeMs <= before.timeMs)
      throw invalid(i + 1, 'time_utc', 'is not later than the line before');
    rows.push(row);
  }
  if (!rows.some(row => row.latitude !== undefined))
    throw invalid(Math.max(2, lines.length), 'latitude_deg', 'the recording holds no position');
  return rows;
}

function readHeader(line: string): readonly Column[] {
  const columns = line.split(',').map(name => {
    const column = byName.get(name.trim());
    if (column === undefined) throw invalid(1, `'${name.slice(0, 40)}'`, 'no such column');
    return column;
  });
  for (const [index, column] of columns.entries())
    if (columns.indexOf(column) !== index) throw invalid(1, column.name, 'stands twice');
  for (const column of COLUMNS)
    if (column.required && !columns.includes(column)) throw invalid(1, column.name, 'is missing');
  return columns;
}

function readRow(columns: readonly Column[], line: string, lineNumber: number): DriveRow {
  const cells = line.split(',').map(cell => cell.trim());
  if (cells.length !== columns.length) {
    const name = columns[Math.min(cells.length, columns.length - 1)]?.name ?? '';
    throw invalid(lineNumber, name, `${cells.length} cells, the header has ${columns.length}`);
  }
  let timeMs = NaN;
  const values: { -readonly [K in keyof DriveRow]?: number } = {};
  for (const [index, column] of columns.entries()) {
    const cell = cells[index] ?? '';
    if (column.name === 'time_utc') timeMs = readTime(cell, lineNumber);
    else if (column.name === 'speed_source') checkSource(cell, lineNumber);
    else if (cell !== '') {
      const value = readNumber(column, cell, lineNumber);
      if (column.field !== undefined) values[column.field] = value;
    }
  }
  if ((values.latitude === undefined) !== (values.longitude === undefined))
    throw invalid(lineNumber, values.latitude === undefined ? 'latitude_deg' : 'longitude_deg', 'half a position');
  return { ...values, timeMs };
}

function readTime(cell: string, line: number): number {
  const timeMs = ISO_UTC.test(cell) ? Date.parse(cell) : NaN;
  if (Number.isNaN(timeMs)) throw invalid(line, 'time_utc', `'${cell.slice(0, 40)}' is not an ISO 8601 time in UTC`);
  return timeMs;
}

function checkSource(cell: string, line: number): void {
  if (!['gps', 'obd', ''].includes(cell))
    throw invalid(line, 'speed_source', `'${cell.slice(0, 40)}' is neither gps nor obd`);
}

function readNumber(column: Column, cell: string, line: number): number {
  const value = NUMBER.test(cell) ? Number(cell) : NaN;
  const { min = -Infinity, max = Infinity } = column;
  if (Number.isNaN(value)) throw invalid(line, column.name, `'${cell.slice(0, 40)}' is not a number`);
  if (value < min || value > max) throw invalid(line, column.name, `${cell} is not in ${min} to ${max}`);
  return value;
}
