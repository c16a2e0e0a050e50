import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { captures, expectedFile, expectedOf } from '../../../captures/expected.js';

describe('recordings of drives', function () {
  this.timeout(20_000);
  for (const path of captures())
    it(`${basename(path)} is reported as its expected file says (else: npx tsx test/captures/update.ts)`, async () => {
      const [found, expected] = [await expectedOf(path), readFileSync(expectedFile(path), 'utf8')];
      // Line by line: the first that differs is what there is to look at.
      assert.deepEqual(found.split('\n'), expected.split('\n'));
    });

  it('are there', () => assert.ok(captures().length >= 12));

  it('give the same each time, byte for byte', async () => {
    const [path = ''] = captures();
    assert.equal(await expectedOf(path), await expectedOf(path));
  });
});
