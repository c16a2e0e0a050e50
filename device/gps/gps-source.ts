import type { Tpv } from './tpv.js';

export interface GpsHandlers {
  /** A look of the receiver, heard at this monotonic moment. */
  onTpv(tpv: Tpv, heardAtMs: number): void;
  /** A line that was not understood (GPS_MALFORMED); the connection goes on. */
  onFault(error: unknown): void;
  /** A receiver went; without a name all of them did. */
  onGone?(device?: string): void;
}

export interface GpsSource {
  /** Follows the receiver until the signal is aborted or the connection ends (GPS_LINK). */
  follow(handlers: GpsHandlers, signal: AbortSignal): Promise<never>;
}
