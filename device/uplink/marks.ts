import type { Disk } from './disk.js';
import { vehicleOf } from './identity.js';
import type { BootMarks } from './records.js';
import type { Key } from './key.js';
import { replay } from './replay.js';
import { readSegments } from './segment-log.js';

export interface Marks {
  readonly vehicle: string | undefined;
  /** Oldest first. */
  readonly boots: readonly BootMarks[];
  /** Reports that wait for an acknowledgement. */
  readonly pending: number;
  readonly unsettled: readonly Key[];
  readonly resent: number;
}

/**
 * The durable high-water marks of an outbox. Only reads: an agent that runs on the same folder is not disturbed. Of a
 * running agent it is what is on the disk at this moment.
 */
export async function readMarks(disk: Pick<Disk, 'list' | 'read'>): Promise<Marks> {
  const segments = await readSegments(disk);
  const found = replay(segments.flatMap(({ records }) => records));
  const unsettled = [...found.pending, ...found.held].map(({ key }) => key);
  return {
    vehicle: await vehicleOf(disk),
    boots: [...found.boots.values()].sort((x, y) => x.boot - y.boot),
    pending: unsettled.length,
    unsettled,
    resent: found.resent,
  };
}
