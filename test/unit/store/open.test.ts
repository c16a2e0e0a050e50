import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../common/package-root.js';

describe('opening a store', () => {
  for (const file of ['store/open.ts', 'store/settings.ts'])
    it(`loads no adapter before it is asked for one: ${file}`, () => {
      const text = readFileSync(join(packageRoot(), file), 'utf8');
      const loaded = [...text.matchAll(/^import (?!type )[^;]*? from '(\.[^']*\/(?:lmdb|cassandra)\/[^']*)';/gm)];
      assert.deepEqual(
        loaded.map(([, name]) => name),
        [],
      );
      assert.match(text, /^import type \{[^}]*\} from '\.\/cassandra\//m);
    });
});
