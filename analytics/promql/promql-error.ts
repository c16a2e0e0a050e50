/** What Prometheus's HTTP API calls its errors, and their HTTP status. */
export const PROMQL_ERRORS = { bad_data: 400, execution: 422, timeout: 503, unavailable: 503, internal: 500 } as const;
export type PromqlErrorType = keyof typeof PROMQL_ERRORS;

/** A query that cannot be answered, in Prometheus's words where it has some. */
export class PromqlError extends Error {
  override readonly name = 'PromqlError';
  readonly errorType: PromqlErrorType;
  constructor(errorType: PromqlErrorType, message: string) {
    super(message);
    this.errorType = errorType;
  }
}

export const promqlFault = (errorType: PromqlErrorType, message: string): PromqlError =>
  new PromqlError(errorType, message);
