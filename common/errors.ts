/** What to do about a kind of error, and what to tell people. Policy is data: one row per code. */
export interface ErrorRow {
  /** Whether the same request may succeed later without a change by whoever sent it. */
  readonly retry: boolean;
  readonly say: string;
  /** HTTP status when it leaves through REST (RFC 9457); 500 where absent. */
  readonly status?: number;
}

/** The one error type. Branch on `code`, never on the text. */
export class EdgetwinError extends Error {
  override readonly name = 'EdgetwinError';
  readonly code: string;
  readonly detail: string;
  readonly retry: boolean;
  readonly status: number;
  constructor(code: string, row: ErrorRow, detail: string, options?: ErrorOptions) {
    super(`${code}: ${row.say}: ${detail}`, options);
    this.code = code;
    this.detail = detail;
    this.retry = row.retry;
    this.status = row.status ?? 500;
  }
}

export const CONFIG_INVALID: ErrorRow = {
  retry: false,
  say: 'a setting is missing, malformed or unknown',
  status: 400,
};

/** The code of an error, ours or the operating system's, else `UNKNOWN`. */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return 'UNKNOWN';
}

/** One line for a log or a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
