import { messageOf } from '../../common/errors.js';
import { runMain } from '../../common/main.js';
import { ensureArchive, type ArchivedNode } from './class-archive.js';
import { openCluster } from './cluster.js';
import { cassandraMissing, ensureJars } from './jars.js';
import type { ClassArchive } from './node-config.js';

async function startedOne(archive: ClassArchive, signal: AbortSignal): Promise<ArchivedNode> {
  const cluster = await openCluster({ datacentres: ['core'], archive, signal });
  return {
    get pid() {
      return cluster.node('core').pid;
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

/**
 * `node dist/lab/cassandra/install.js`: fetches Cassandra where it is missing, and makes its starts short. Where it cannot be
 * had, says so: what needs it is skipped.
 */
await runMain(async signal => {
  const attempt = async (without: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (signal.aborted) throw error;
      process.stderr.write(`${without}: ${messageOf(error)}\n`);
    }
  };
  const missing = cassandraMissing();
  if (missing !== undefined) process.stderr.write(`no Cassandra: ${missing}\n`);
  else
    await attempt('no Cassandra', async () => {
      const jars = await ensureJars(signal);
      await attempt('Cassandra starts slowly', () => ensureArchive(jars, archive => startedOne(archive, signal)));
    });
  return 0;
});
