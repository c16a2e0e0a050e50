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

/** More than this does not wait. */
const GATHER_CHARS = 16_384;
/** pino's number of `warn`; such lines do not wait either. */
const WARN = 40;

/**
 * Lines on stderr leave together, in one write, behind the work of the turn of the event loop that said them: on the path of
 * a hand-over each write would be a system call that wakes the reader of a pipe before the command itself has left. kill -9
 * takes the lines of that turn; every other end writes them.
 */
class GatheredLines {
  /** pino tells the level of each line in `lastLevel`. */
  readonly [pino.symbols.needsMetadataGsym] = true;
  lastLevel = 0;
  readonly #stderr = pino.destination({ dest: 2, sync: true });
  #text = '';
  #waiting = false;

  write(line: string): void {
    this.#text += line;
    if (this.lastLevel >= WARN || this.#text.length > GATHER_CHARS) this.flush();
    if (this.#waiting || this.#text === '') return;
    this.#waiting = true;
    // Requests and commits of this turn leave by immediates, too, which are asked for after the line: so the one behind them.
    setImmediate(() =>
      setImmediate(() => {
        this.#waiting = false;
        this.flush();
      }),
    );
  }

  flush(): void {
    const text = this.#text;
    this.#text = '';
    if (text !== '') this.#stderr.write(text);
  }
}

let stderr: GatheredLines | undefined;

/** There is one stderr, whoever logs. */
function gatheredLines(): GatheredLines {
  if (stderr !== undefined) return stderr;
  const opened = new GatheredLines();
  process.on('exit', () => opened.flush());
  return (stderr = opened);
}

/** JSON lines on stderr, so that stdout stays free for a command's own output. */
export function openLog(part: string, level: LogLevel = 'info'): Log {
  return pino(
    {
      level,
      base: { part },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    gatheredLines(),
  );
}

const ignore = (): void => undefined;
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
