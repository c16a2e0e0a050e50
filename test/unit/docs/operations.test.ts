import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../../common/package-root.js';
import { METRICS } from '../../../protocol/metrics.js';

const DOCS = join(packageRoot(), 'docs');
const pages = readdirSync(DOCS, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.md'));

describe('the pages of docs/', () => {
  it('link only to what is there', () => {
    const broken = pages.flatMap(page =>
      [...readFileSync(join(DOCS, page), 'utf8').matchAll(/\]\(([^)#]+)\)/g)]
        .map(found => found[1] ?? '')
        .filter(target => !/^https?:/.test(target) && !existsSync(join(DOCS, dirname(page), target)))
        .map(target => `${page} → ${target}`),
    );
    assert.deepEqual(broken, []);
  });

  it('name only metrics that exist, where operations.md says what to watch', () => {
    const text = readFileSync(join(DOCS, 'operations.md'), 'utf8');
    const named = [...text.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(found => found[1] ?? '');
    assert.ok(named.length > 10);
    assert.deepEqual(
      named.filter(name => !(name in METRICS)),
      [],
    );
  });
});
