import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordedRun } from '../fakes/recorded-run.js';
import { captures, DRIVES, expectedFile, expectedOf } from './expected.js';
import { SCENES } from './scenes.js';

/**
 * Writes what the agent of today makes of each capture. Read the difference before it is committed: each line of it is a report that
 * a car would now send otherwise. `--record NAME …` records these scenes of the lab anew first (`all`: every one).
 */
const [flag, ...names] = process.argv.slice(2);
if (flag !== undefined && (flag !== '--record' || names.length === 0)) throw new Error('takes nothing, or --record NAME …');
for (const [name, scene] of Object.entries(SCENES)) {
  if (!names.includes(name) && !names.includes('all')) continue;
  const { text } = await recordedRun(scene);
  await writeFile(join(DRIVES, `${name}.jsonl`), text);
}
for (const path of captures()) await writeFile(expectedFile(path), await expectedOf(path));
