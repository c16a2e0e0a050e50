import { stat, statfs } from 'node:fs/promises';
import { codeOf, messageOf } from '../../common/errors.js';
import { decodeReport } from '../../protocol/report.js';
import { vehicleOf } from '../uplink/identity.js';
import { replay } from '../uplink/replay.js';
import { readSegments } from '../uplink/segment-log.js';
import type { OutboxSeen } from './observations.js';
import { bytesIn, readFolder } from './read-folder.js';

export interface OutboxProbe {
  readonly folder: string;
  readonly maxBytes: number;
  readonly nowMs: number;
}

const SEGMENTS = /^outbox-\d+\.log$/;

/** What waits in an agent's folder. Only reads; of a running agent it is what is on the disk at this moment. */
export async function probeOutbox({ folder, maxBytes, nowMs }: OutboxProbe): Promise<OutboxSeen> {
  try {
    const isThere = await stat(folder).then(
      () => true,
      (error: unknown) => {
        if (codeOf(error) === 'ENOENT') return false;
        throw error;
      },
    );
    if (!isThere) return { at: 'missing', folder };
    const disk = readFolder(folder);
    const segments = await readSegments(disk);
    const { pending, held } = replay(segments.flatMap(({ records }) => records));
    const [oldest] = pending;
    const vehicle = await vehicleOf(disk);
    const { bavail, bsize } = await statfs(folder);
    return {
      at: 'seen',
      folder,
      ...(vehicle === undefined ? {} : { vehicle }),
      pending: pending.length + held.length,
      ...(oldest === undefined ? {} : { oldestMs: Math.max(0, nowMs - decodeReport(oldest.bytes).timeMs) }),
      bytes: await bytesIn(folder, SEGMENTS),
      maxBytes,
      damagedBytes: segments.reduce((sum, segment) => sum + segment.damagedBytes, 0),
      freeBytes: bavail * bsize,
    };
  } catch (error) {
    return { at: 'unreadable', folder, code: codeOf(error), say: messageOf(error) };
  }
}
