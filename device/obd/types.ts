import type { ReadRequest } from './services.js';

/** A byte stream to an adapter: TCP for Wi-Fi adapters, later a serial port. */
export interface Link extends AsyncDisposable {
  /** Never throws; a link that is gone says so by `closed`. */
  write(text: string): void;
  /** One listener; bytes as they come. */
  onData(listener: (chunk: Uint8Array) => void): void;
  /** Resolves, with the reason, once nothing will come any more. */
  readonly closed: Promise<unknown>;
}

export type OpenLink = (signal: AbortSignal) => Promise<Link>;

/** What can be read from a car. Errors: OBD_TIMEOUT, OBD_ADAPTER, OBD_FRAME, OBD_LINK. */
export interface ObdSource extends AsyncDisposable {
  /** PIDs of service 01 that the car says it has. */
  readonly supported: ReadonlySet<number>;
  /** How many PIDs one request may carry: 6 on CAN, else 1; falls to 1 where the car refuses. */
  readonly batchMax: number;
  /** PID → value in the unit of its signal, of those that the car answered. */
  read(pids: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, number>>;
  /** Service 09 PID 02. */
  readVin(signal: AbortSignal): Promise<string>;
  /** Service 03. */
  readTroubleCodes(signal: AbortSignal): Promise<readonly string[]>;
}

/** Sends one request that only reads, and gives the lines of its answer. */
export type Ask = (request: ReadRequest, signal: AbortSignal) => Promise<readonly string[]>;
