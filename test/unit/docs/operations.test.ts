import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../../common/package-root.js';
import { FOREIGN_METRICS } from '../../../protocol/metrics/foreign.js';
import { METRICS } from '../../../protocol/metrics.js';
import { TWIN_SERIES } from '../../../protocol/twin-series.js';

const OF_CASSANDRA: ReadonlySet<string> = new Set([
  'max_hint_window',
  'commitlog_sync',
  'gc_grace_seconds',
  'system_auth',
]);
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
    // Roles and keyspaces begin with our name; settings of others are theirs.
    const isOther = (name: string): boolean =>
      name.startsWith('edgetwin_') || OF_CASSANDRA.has(name) || name in TWIN_SERIES || name in FOREIGN_METRICS;
    const named = [...text.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(found => found[1] ?? '');
    assert.ok(named.length > 10);
    assert.deepEqual(
      named.filter(name => !(name in METRICS) && !isOther(name)),
      [],
    );
  });
});
