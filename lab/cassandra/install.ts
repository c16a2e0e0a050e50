import { messageOf } from '../../common/errors.js';
import { runMain } from '../../common/main.js';
import { cassandraMissing, ensureJars } from './jars.js';

/**
 * `node dist/lab/cassandra/install.js`: fetches Cassandra where it is missing. Where it cannot be had, says so: what needs it is
 * skipped.
 */
await runMain(async signal => {
  const missing = cassandraMissing();
  try {
    if (missing === undefined) await ensureJars(signal);
    else process.stderr.write(`no Cassandra: ${missing}\n`);
  } catch (error) {
    if (signal.aborted) throw error;
    process.stderr.write(`no Cassandra: ${messageOf(error)}\n`);
  }
  return 0;
});
