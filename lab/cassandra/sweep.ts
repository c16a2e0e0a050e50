import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTimeOf } from '../netns/sweep.js';

/** A temporary cluster's folder is named for its owner: pid and start time, because pids come again. */
const FOLDER = /^edgetwin-cassandra-(\d+)-(\d+)-/;

/** How the name of this process's folders begins. */
export const clusterPrefix = (): string => `edgetwin-cassandra-${process.pid}-${startTimeOf(process.pid) ?? 0}-`;

/** Removes the folders of clusters whose owner was killed; their nodes died with it. */
export function sweepClusters(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid, started] = FOLDER.exec(name) ?? [];
    if (pid !== undefined && startTimeOf(Number(pid)) !== started)
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Folders of temporary clusters that run and take orders, of all owners on this machine. */
export function liveClusters(): readonly string[] {
  return readdirSync(tmpdir())
    .filter(name => {
      const [, pid, started] = FOLDER.exec(name) ?? [];
      return pid !== undefined && startTimeOf(Number(pid)) === started;
    })
    .map(name => join(tmpdir(), name))
    .filter(folder => existsSync(join(folder, 'control.sock')));
}
