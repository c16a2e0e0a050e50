import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../common/errors.js';
import { answersCql } from '../../../lab/cassandra/cql-probe.js';
import { CQL_PORT } from '../../../lab/cassandra/node-config.js';
import { openStage, storesAgree, type Stage } from './harness.js';
import { needsCuts } from './shared-cluster.js';

const CHUNK = Buffer.alloc(1024 * 1024);

/** Fills the file system to the last byte; gives the file to remove. */
async function fill(folder: string): Promise<string> {
  const file = join(folder, 'ballast');
  await using handle = await open(file, 'w');
  for (;;) {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    if (free === 0) return file;
    try {
      await handle.write(CHUNK.subarray(0, Math.min(CHUNK.length, free)));
    } catch (error) {
      if (codeOf(error) !== 'ENOSPC') throw error; // the node was quicker
    }
  }
}

describe('the disk of one Cassandra node is full', () => {
  let stage: Stage;
  let ballast: string | undefined;
  before(needsCuts);
  before(async () => {
    stage = await openStage({ cars: 2 });
    await stage.journey.moveTo(0, 'edge-1');
    await stage.journey.moveTo(1, 'edge-2');
    await Promise.all([stage.journey.actsIn(0, 'edge-1'), stage.journey.actsIn(1, 'edge-2')]);
  });
  after(async () => {
    if (ballast !== undefined) await mend();
    await stage?.[Symbol.asyncDispose]();
  });

  const mend = async (): Promise<void> => {
    await rm(ballast!, { force: true });
    ballast = undefined;
    await stage.cluster.node('edge-2').restart();
  };

  it('the node leaves, rather than to acknowledge what it cannot keep, and the other domains go on', async () => {
    const { cluster, journey } = stage;
    const node = cluster.node('edge-2');
    ballast = await fill(node.disk!);
    // What it writes next may be long in coming: this is a write. It fails, and that is what is wanted.
    await node.nodetool('flush').catch(() => undefined);
    const [address = ''] = node.contactPoint.split(':');
    await journey.until('the node serves nobody', async () => !(await answersCql(address, CQL_PORT, undefined, 1_000)));
    await journey.acknowledges(0, 6);
  });

  it('with room again, and started again, it has what it acknowledged: nothing is lost or doubled', async () => {
    const { journey } = stage;
    await mend();
    await journey.acknowledges(1);
    await journey.endsClean();
    await storesAgree(stage);
  });
});
