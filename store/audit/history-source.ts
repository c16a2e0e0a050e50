import type { ControlStore, HistoryRow } from '../types.js';

/** A row, and its place in the one order in which every domain of a source gives rows: byte by byte. */
export interface KeyedRow {
  readonly key: Uint8Array;
  readonly row: HistoryRow;
}

/** Part of the key space, in words that its source alone understands, also in a later run. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
}

/** The histories of all domains, in parts that are read one by one: what an audit reads, whatever store lies behind it. */
export interface HistorySource {
  /** Which stores these are: an audit is not gone on with on others. */
  readonly name: string;
  readonly domains: readonly string[];
  /** Ranges that are worth being read at once. */
  readonly parallel: number;
  /** About `count` ranges, of which every row that is there, or will ever be, is in exactly one. */
  split(count: number): Promise<readonly KeyRange[]>;
  /** Rows of one domain by their keys, each once. STORE_AWAY or STORE_FAILED where it cannot be read. */
  rows(domain: string, range: KeyRange): AsyncIterable<KeyedRow>;
  /** Every row of one vehicle in one domain, as it is now. */
  ofVehicle(domain: string, vehicle: string): AsyncIterable<HistoryRow>;
}

/** What is audited. */
export interface AuditedStores {
  readonly source: HistorySource;
  readonly control: ControlStore;
}
