import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import { documents } from './documents.js';

/** `node dist/lab/docs/generate.js`: writes the references of docs/ from the tables of the sources. */
for (const [path, text] of documents()) {
  const file = join(packageRoot(), path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  process.stdout.write(`${path}\n`);
}
