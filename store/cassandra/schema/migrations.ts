import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../../common/package-root.js';
import { fault } from '../../../protocol/errors.js';

export interface Migration {
  readonly version: number;
  readonly name: string;
  /** With `{twin}` and `{control}` for the keyspaces. */
  readonly statements: readonly string[];
  /** Of the statements as they stand: tells a migration that was edited after it had been applied. */
  readonly checksum: string;
}

const TITLE = /^-- migration (\d+): (.+)$/;

/**
 * The migrations of a text, in order: each begins with `-- migration N: name`, N counting from 1; statements end with a
 * semicolon at the end of a line. STORE_SCHEMA where the text is of another form.
 */
export function parseMigrations(text: string): Migration[] {
  const found: { version: number; name: string; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const [, digits, name] = TITLE.exec(line) ?? [];
    const current = found.at(-1);
    if (digits !== undefined && name !== undefined) {
      if (Number(digits) !== found.length + 1)
        throw fault('STORE_SCHEMA', `migration ${digits} stands where ${found.length + 1} is due`);
      found.push({ version: Number(digits), name, lines: [] });
    } else if (line.trim() !== '' && !line.startsWith('--')) {
      if (current === undefined) throw fault('STORE_SCHEMA', `'${line}' stands before the first migration`);
      current.lines.push(line.trimEnd());
    }
  }
  return found.map(({ version, name, lines }) => {
    const statements = lines
      .join('\n')
      .split(/;(?:\n|$)/)
      .filter(statement => statement !== '');
    if (lines.length > 0 && lines.at(-1)?.endsWith(';') !== true)
      throw fault('STORE_SCHEMA', `the last statement of migration ${version} has no end`);
    const checksum = createHash('sha256').update(statements.join(';')).digest('hex').slice(0, 16);
    return { version, name, statements, checksum };
  });
}

/** Those of this release. */
export async function readMigrations(): Promise<Migration[]> {
  return parseMigrations(await readFile(join(packageRoot(), 'store/cassandra/schema/schema.cql'), 'utf8'));
}
