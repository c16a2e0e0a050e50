/** How often a signal is sampled: some times a second, once a second, every 20 s (CONVENTIONS §2). */
export type Tier = 'fast' | 'medium' | 'slow';

/** Where a signal stands in the answer to a PID of SAE J1979 service 01. */
export interface Pid {
  readonly pid: number;
  /** Data bytes of the whole answer; several signals may share them. */
  readonly bytes: number;
  /** For people, with A, B, C … for the data bytes, as J1979 writes it. */
  readonly formula: string;
  /**
   * The value in the row's unit; `undefined` where the bytes say that there is none: they end before it (older editions
   * of J1979 have shorter answers), the sensor's bit of byte A is 0, or they hold the encoding for "no value".
   */
  decode(data: DataView): number | undefined;
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

export type ObdRow = SignalRow & { readonly obd: Pid };
