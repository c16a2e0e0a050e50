import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { messageOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';

/** A file of Prometheus' file discovery, of which each group names its job. */
const targetGroups = z.array(
  z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()).default({}) }),
);

/** Base URLs by the job that the files give them. CONFIG_INVALID where a file cannot be read or is none. */
export async function urlsByJob(files: readonly string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const file of files) {
    let groups: z.infer<typeof targetGroups>;
    try {
      groups = targetGroups.parse(JSON.parse(await readFile(file, 'utf8')));
    } catch (error) {
      throw fault('CONFIG_INVALID', `targets: ${file}: ${messageOf(error)}`);
    }
    for (const { targets, labels } of groups) {
      const job = labels['job'] ?? '';
      found.set(job, [...(found.get(job) ?? []), ...targets.map(target => `http://${target}`)]);
    }
  }
  return found;
}
