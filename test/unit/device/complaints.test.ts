import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../common/package-root.js';

const text = (file: string): string => readFileSync(join(packageRoot(), file), 'utf8');
const rows = text('docs/decisions/complaints.md')
  .split('\n')
  .filter(line => line.startsWith('| ') && !line.startsWith('| complaint'));

describe('complaints about others', () => {
  it('are listed', () => assert.ok(rows.length > 20));
  for (const row of rows) {
    const [complaint = '', done = '', where = ''] = row.slice(2, -2).split(' | ');
    it(`have a test that is there: ${complaint}`, () => {
      const [, file, title] = /^`(test\/\S+\.test\.ts)`: “(.+)”$/.exec(where) ?? [];
      assert.ok(done !== '' && file !== undefined && title !== undefined, row);
      assert.ok(text(file).includes(title), `${file} has no “${title}”`);
    });
  }
});
