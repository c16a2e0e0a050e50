import pino from 'pino';

export interface LogFields {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Structured log: every line is an event with fields, never prose. Event names are listed in `protocol/events.ts`. */
export interface Log {
  debug(fields: LogFields): void;
  info(fields: LogFields): void;
  warn(fields: LogFields): void;
  error(fields: LogFields): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** JSON lines on stderr, so that stdout stays free for a command's own output. */
export function openLog(part: string, level: LogLevel = 'info'): Log {
  return pino(
    {
      level,
      base: { part },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

const ignore = (): void => undefined;
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
