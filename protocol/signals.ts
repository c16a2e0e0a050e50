/**
 * The catalogue: one row per signal. Wire names travel in reports; every API that people see uses the path (VSS 6.0:
 * raw OBD readings under its OBD overlay). A row fixes the unit; another unit is another signal.
 * PID formulas: SAE J1979 service 01; A, B are the data bytes.
 */
export type Tier = 'fast' | 'medium' | 'slow';

export interface Pid {
  readonly pid: number;
  readonly bytes: number;
  decode(data: DataView): number;
}

export interface SignalRow {
  /** Short name in reports. */
  readonly wire: string;
  readonly path: string;
  readonly unit: string;
  readonly kind: 'number' | 'text';
  /** Values outside are stored, flagged, and never become live. */
  readonly min?: number;
  readonly max?: number;
  /** Steps of the source: a report may round a value by at most a quarter of it. */
  readonly resolution?: number;
  readonly obd?: Pid;
  readonly tier: Tier;
  /** How people call it. */
  readonly label: string;
  /** One of the thirteen that MIGRATE §V-C lists. */
  readonly paper?: true;
}

const a = (data: DataView): number => data.getUint8(0);
const ab = (data: DataView): number => data.getUint16(0);
const percent = (data: DataView): number => (100 * a(data)) / 255;

export const SIGNALS = [
  {
    wire: 'lat',
    path: 'Vehicle.CurrentLocation.Latitude',
    unit: 'degrees',
    kind: 'number',
    min: -90,
    max: 90,
    resolution: 1e-7,
    tier: 'medium',
    label: 'latitude',
    paper: true,
  },
  {
    wire: 'lon',
    path: 'Vehicle.CurrentLocation.Longitude',
    unit: 'degrees',
    kind: 'number',
    min: -180,
    max: 180,
    resolution: 1e-7,
    tier: 'medium',
    label: 'longitude',
    paper: true,
  },
  {
    wire: 'alt',
    path: 'Vehicle.CurrentLocation.Altitude',
    unit: 'm',
    kind: 'number',
    min: -500,
    max: 10_000,
    resolution: 0.1,
    tier: 'slow',
    label: 'altitude',
  },
  {
    wire: 'hdg',
    path: 'Vehicle.CurrentLocation.Heading',
    unit: 'degrees',
    kind: 'number',
    min: 0,
    max: 360,
    resolution: 1,
    tier: 'slow',
    label: 'heading',
  },
  {
    wire: 'acc',
    path: 'Vehicle.CurrentLocation.HorizontalAccuracy',
    unit: 'm',
    kind: 'number',
    min: 0,
    max: 100_000,
    resolution: 0.1,
    tier: 'slow',
    label: 'position accuracy',
  },
  {
    wire: 'fix',
    path: 'Vehicle.CurrentLocation.GNSSReceiver.FixType',
    unit: '',
    kind: 'text',
    tier: 'slow',
    label: 'fix',
  },
  {
    wire: 'spd',
    path: 'Vehicle.OBD.Speed',
    unit: 'km/h',
    kind: 'number',
    min: 0,
    max: 255,
    resolution: 1,
    obd: { pid: 0x0d, bytes: 1, decode: a },
    tier: 'fast',
    label: 'speed',
    paper: true,
  },
  {
    wire: 'rpm',
    path: 'Vehicle.OBD.EngineSpeed',
    unit: 'rpm',
    kind: 'number',
    min: 0,
    max: 16_384,
    resolution: 0.25,
    obd: { pid: 0x0c, bytes: 2, decode: d => ab(d) / 4 },
    tier: 'fast',
    label: 'engine speed',
    paper: true,
  },
  {
    wire: 'maf',
    path: 'Vehicle.OBD.MAF',
    unit: 'g/s',
    kind: 'number',
    min: 0,
    max: 655.35,
    resolution: 0.01,
    obd: { pid: 0x10, bytes: 2, decode: d => ab(d) / 100 },
    tier: 'fast',
    label: 'air flow',
    paper: true,
  },
  {
    wire: 'thr',
    path: 'Vehicle.OBD.ThrottlePosition',
    unit: 'percent',
    kind: 'number',
    min: 0,
    max: 100,
    resolution: 0.4,
    obd: { pid: 0x11, bytes: 1, decode: percent },
    tier: 'fast',
    label: 'throttle',
    paper: true,
  },
  {
    wire: 'load',
    path: 'Vehicle.OBD.EngineLoad',
    unit: 'percent',
    kind: 'number',
    min: 0,
    max: 100,
    resolution: 0.4,
    obd: { pid: 0x04, bytes: 1, decode: percent },
    tier: 'fast',
    label: 'engine load',
    paper: true,
  },
  {
    wire: 'map',
    path: 'Vehicle.OBD.MAP',
    unit: 'kPa',
    kind: 'number',
    min: 0,
    max: 255,
    resolution: 1,
    obd: { pid: 0x0b, bytes: 1, decode: a },
    tier: 'medium',
    label: 'intake pressure',
    paper: true,
  },
  {
    wire: 'fuel',
    path: 'Vehicle.Derived.FuelRate',
    unit: 'l/h',
    kind: 'number',
    min: 0,
    max: 500,
    resolution: 0.02,
    tier: 'medium',
    label: 'fuel rate',
    paper: true,
  },
  {
    wire: 'co2',
    path: 'Vehicle.Derived.CO2Rate',
    unit: 'g/s',
    kind: 'number',
    min: 0,
    max: 500,
    resolution: 0.01,
    tier: 'medium',
    label: 'CO₂',
    paper: true,
  },
  { wire: 'fuelm', path: 'Vehicle.Derived.FuelMethod', unit: '', kind: 'text', tier: 'slow', label: 'fuel method' },
  {
    wire: 'frate',
    path: 'Vehicle.OBD.FuelRate',
    unit: 'l/h',
    kind: 'number',
    min: 0,
    max: 3276.75,
    resolution: 0.05,
    obd: { pid: 0x5e, bytes: 2, decode: d => ab(d) / 20 },
    tier: 'medium',
    label: 'measured fuel rate',
  },
  {
    wire: 'lam',
    path: 'Vehicle.OBD.CommandedEquivalenceRatio',
    unit: 'ratio',
    kind: 'number',
    min: 0,
    max: 2,
    resolution: 0.001,
    obd: { pid: 0x44, bytes: 2, decode: d => ab(d) / 32_768 },
    tier: 'medium',
    label: 'lambda',
  },
  {
    wire: 'flvl',
    path: 'Vehicle.OBD.FuelLevel',
    unit: 'percent',
    kind: 'number',
    min: 0,
    max: 100,
    resolution: 0.4,
    obd: { pid: 0x2f, bytes: 1, decode: percent },
    tier: 'medium',
    label: 'fuel level',
  },
  {
    wire: 'ect',
    path: 'Vehicle.OBD.CoolantTemperature',
    unit: 'Celsius',
    kind: 'number',
    min: -40,
    max: 215,
    resolution: 1,
    obd: { pid: 0x05, bytes: 1, decode: d => a(d) - 40 },
    tier: 'slow',
    label: 'coolant temperature',
    paper: true,
  },
  {
    wire: 'iat',
    path: 'Vehicle.OBD.IntakeTemp',
    unit: 'Celsius',
    kind: 'number',
    min: -40,
    max: 215,
    resolution: 1,
    obd: { pid: 0x0f, bytes: 1, decode: d => a(d) - 40 },
    tier: 'slow',
    label: 'intake temperature',
  },
  {
    wire: 'wup',
    path: 'Vehicle.OBD.WarmupsSinceDTCClear',
    unit: '',
    kind: 'number',
    min: 0,
    max: 255,
    resolution: 1,
    obd: { pid: 0x30, bytes: 1, decode: a },
    tier: 'slow',
    label: 'warm-ups',
    paper: true,
  },
  {
    wire: 'dist',
    path: 'Vehicle.OBD.DistanceSinceDTCClear',
    unit: 'km',
    kind: 'number',
    min: 0,
    max: 65_535,
    resolution: 1,
    obd: { pid: 0x31, bytes: 2, decode: ab },
    tier: 'slow',
    label: 'distance',
    paper: true,
  },
  {
    wire: 'baro',
    path: 'Vehicle.OBD.BarometricPressure',
    unit: 'kPa',
    kind: 'number',
    min: 0,
    max: 255,
    resolution: 1,
    obd: { pid: 0x33, bytes: 1, decode: a },
    tier: 'slow',
    label: 'barometric pressure',
  },
  {
    wire: 'ftyp',
    path: 'Vehicle.OBD.FuelType',
    unit: '',
    kind: 'number',
    min: 0,
    max: 32,
    resolution: 1,
    obd: { pid: 0x51, bytes: 1, decode: a },
    tier: 'slow',
    label: 'engine type',
    paper: true,
  },
] as const satisfies readonly SignalRow[];

export type WireName = (typeof SIGNALS)[number]['wire'];

const byWire = new Map<string, SignalRow>(SIGNALS.map(row => [row.wire, row]));
const byPath = new Map<string, SignalRow>(SIGNALS.map(row => [row.path, row]));
const byPid = new Map<number, SignalRow & { readonly obd: Pid }>();
for (const row of SIGNALS as readonly SignalRow[])
  if (row.obd !== undefined) byPid.set(row.obd.pid, { ...row, obd: row.obd });

export const signalByWire = (wire: string): SignalRow | undefined => byWire.get(wire);
export const signalByPath = (path: string): SignalRow | undefined => byPath.get(path);
export const signalByPid = (pid: number): (SignalRow & { readonly obd: Pid }) | undefined => byPid.get(pid);

/** Whether a value may become live: of the row's kind and within its range. */
export function isPlausible(row: SignalRow, value: number | string | boolean): boolean {
  if (row.kind === 'text') return typeof value === 'string';
  return (
    typeof value === 'number' &&
    Number.isFinite(value) &&
    value >= (row.min ?? -Infinity) &&
    value <= (row.max ?? Infinity)
  );
}
