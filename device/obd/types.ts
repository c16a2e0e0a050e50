import type { BusShape } from './bus.js';

/** A byte stream to an adapter: TCP for Wi-Fi adapters, or a serial port. */
export interface Link extends AsyncDisposable {
  /** Never throws; a link that is gone says so by `closed`. */
  write(text: string): void;
  /** One listener; bytes as they come. */
  onData(listener: (chunk: Uint8Array) => void): void;
  /** Resolves, with the reason, once nothing will come any more. */
  readonly closed: Promise<unknown>;
  /** Where it leads, for people: `192.168.0.10:35000`, `/dev/ttyUSB0 at 38400`. */
  readonly name?: string;
}

/** How one gets to the adapter. A function alone will do; a port that can be pulled and plugged in knows more. */
export interface OpenLink {
  (signal: AbortSignal): Promise<Link>;
  /** Waits for `ms`, or until an adapter that was away is there again. */
  readonly untilBack?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Has the adapter enumerated anew, as if it had been pulled and plugged in; false where that cannot be done. */
  readonly replug?: () => Promise<boolean>;
}

/** What is known of the adapter and of the bus behind it. */
export interface AdapterFacts {
  /** What it calls itself: `ELM327 v1.5`. */
  readonly id: string;
  /** `OBDLink SX r4.2, STN1130 v4.3.2`; absent where it is no STN adapter. */
  readonly stn?: string;
  /** A release that its maker never made, or commands missing that its release has. */
  readonly isClone: boolean;
  /** Absent until a car has answered. */
  readonly bus?: BusShape;
  /** Headers of the control units that answered. */
  readonly ecus: readonly string[];
  /** Whether it sends a prompt after an answer, and takes a count of answers after a request. */
  readonly hasPrompts: boolean;
  readonly takesCounts: boolean;
  /** Volts; absent where it cannot measure. */
  readonly voltage?: number;
  readonly link?: string;
}

export type TroubleCodeKind = 'stored' | 'pending';

/** What can be read from a car. Errors: OBD_TIMEOUT, OBD_ADAPTER, OBD_FRAME, OBD_LINK. */
export interface ObdSource extends AsyncDisposable {
  /** PIDs of service 01 that the car says it has; empty before `connect`. */
  readonly supported: ReadonlySet<number>;
  /** How many PIDs one request may carry: 6 on CAN, else 1; falls to 1 where the car refuses. */
  readonly batchMax: number;
  readonly facts: AdapterFacts;
  /** Finds the bus and what the car supports. Reaches the car. */
  connect(signal: AbortSignal): Promise<void>;
  /** Wire name → value in the unit of its signal, of those that the car answered. */
  read(pids: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  /** Whether this PID may share a request with others. */
  isShareable(pid: number): boolean;
  /** Service 09 PID 02. */
  readVin(signal: AbortSignal): Promise<string>;
  /** Services 09, 03 and 07 as texts by wire name: those that the car has. Each of `names` costs a request. */
  readTexts(names: readonly TextName[], signal: AbortSignal): Promise<ReadonlyMap<TextName, string>>;
  /** Services 03 and 07. */
  readTroubleCodes(signal: AbortSignal, kind?: TroubleCodeKind): Promise<readonly string[]>;
  /** At the adapter; does not reach the car. `undefined` where it cannot measure. */
  voltage(signal: AbortSignal): Promise<number | undefined>;
  /** Ends the adapter's session with the car (`ATPC`), after which it sends nothing on its own. */
  closeBus(signal: AbortSignal): Promise<void>;
  /** Sets the adapter up from its power-on state (`ATZ`); `connect` comes next. */
  reset(signal: AbortSignal): Promise<void>;
}

/** Wire names of what services 03, 07 and 09 tell. */
export type TextName = 'dtc' | 'dtcp' | 'vin' | 'cal' | 'cvn' | 'ecun';
