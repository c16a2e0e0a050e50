import { codeOf, messageOf } from './errors.js';

/**
 * Runs a command to its end: SIGINT and SIGTERM abort the signal, the command's number is the exit code.
 * A second signal ends the process at once. CONFIG_INVALID exits with 2, any other error with 1.
 */
export async function runMain(command: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const stop = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Error(name));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // A part that a supervisor started over IPC ends with it, however the supervisor ended.
  process.on('disconnect', () => stop.abort(new Error('disconnect')));
  try {
    process.exitCode = await command(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted || error !== stop.signal.reason) {
      process.stderr.write(`${messageOf(error)}\n`);
      process.exitCode = codeOf(error) === 'CONFIG_INVALID' ? 2 : 1;
    }
  }
  process.exit();
}
