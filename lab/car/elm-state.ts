/** What an ELM327 remembers between two commands. It is the adapter's, so it outlives a TCP connection. */
export interface ElmState {
  readonly echo: boolean;
  readonly lineFeeds: boolean;
  readonly spaces: boolean;
  readonly headers: boolean;
  /** CAN auto-formatting: PCI bytes are the adapter's business. */
  readonly autoFormat: boolean;
  readonly adaptiveTiming: 0 | 1 | 2;
  /** AT ST, in milliseconds: how long an answer is waited for. */
  readonly timeoutMs: number;
  readonly protocol: Protocol;
  /** 11-bit identifier of requests. */
  readonly requestId: number;
  /** Only answers of this identifier pass; absent: all. */
  readonly receiveId?: number;
  /** What an empty line repeats. */
  readonly lastCommand: string;
}

/** `searching`: automatic, no request answered yet. `found`: automatic, settled. `set`: by the user. */
export type Protocol =
  | { readonly at: 'searching' }
  | { readonly at: 'found'; readonly number: number }
  | { readonly at: 'set'; readonly number: number };

/** ISO 15765-4, 11-bit identifiers, 500 kbit/s: what the lab's car speaks. */
export const CAR_PROTOCOL = 6;
/** Control units on the bus, by place: the engine's, then others that answer beside it. */
export const CAN11_IDS = ['7E8', '7E9', '7EA'] as const;
export const CAN29_IDS = ['18DAF110', '18DAF118', '18DAF128'] as const;
/** Addresses of the same units on K-line and J1850. */
export const SOURCES = [0x10, 0x18, 0x28] as const;
export const FUNCTIONAL_ID = 0x7df;
export const ECU_REQUEST_ID = 0x7e0;
export const ECU_ANSWER_ID = 0x7e8;

export const POWER_ON: ElmState = {
  echo: true,
  lineFeeds: false,
  spaces: true,
  headers: false,
  autoFormat: true,
  adaptiveTiming: 1,
  timeoutMs: 200,
  protocol: { at: 'searching' },
  requestId: FUNCTIONAL_ID,
  lastCommand: '',
};

/** Names of AT DP by protocol number. */
export const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'SAE J1850 PWM'],
  [2, 'SAE J1850 VPW'],
  [3, 'ISO 9141-2'],
  [4, 'ISO 14230-4 (KWP 5BAUD)'],
  [5, 'ISO 14230-4 (KWP FAST)'],
  [6, 'ISO 15765-4 (CAN 11/500)'],
  [7, 'ISO 15765-4 (CAN 29/500)'],
  [8, 'ISO 15765-4 (CAN 11/250)'],
  [9, 'ISO 15765-4 (CAN 29/250)'],
  [10, 'SAE J1939 (CAN 29/250)'],
  [11, 'USER1 (CAN 11/125)'],
  [12, 'USER2 (CAN 11/50)'],
]);
