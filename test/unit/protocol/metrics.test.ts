import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricRow } from '../../../common/metrics.js';
import { Metrics } from '../../../common/metrics.js';
import { packageRoot } from '../../../common/package-root.js';
import { METRICS, METRICS_OF } from '../../../protocol/metrics.js';

/** Folders of the parts, with what they share that counts in their name. */
const FOLDERS: Readonly<Record<keyof typeof METRICS_OF, readonly string[]>> = {
  device: ['device', 'protocol/coap'],
  vmd: ['vmd', 'protocol/coap', 'store'],
  'md-manager': ['md-manager'],
  'sdn-app': ['sdn-app'],
  analytics: ['analytics', 'protocol/coap'],
  lab: ['lab'],
};

const rows = Object.entries<MetricRow>(METRICS);

function namesIn(folder: string): string[] {
  const at = join(packageRoot(), folder);
  const files = readdirSync(at, { recursive: true, encoding: 'utf8' }).filter(name => /\.tsx?$/.test(name));
  const words = files.flatMap(file => readFileSync(join(at, file), 'utf8').match(/'[a-z]+(?:_[a-z]+)+'/g) ?? []);
  return [...new Set(words.map(word => word.slice(1, -1)))].filter(name => name in METRICS);
}

describe('the table of metrics', () => {
  it('has names and units as Prometheus wants them: base units, _total of counters alone', () => {
    for (const [name, { kind, help }] of rows) {
      assert.match(name, /^[a-z]+(_[a-z]+)+$/);
      assert.equal(name.endsWith('_total'), kind === 'counter', name);
      assert.doesNotMatch(name, /_(ms|milliseconds|minutes|kb|percent)(_|$)/, name);
      if (kind === 'histogram') assert.match(name, /_(seconds|bytes|reports)$/, name);
      assert.ok(help.length > 3 && !help.endsWith('.'), name);
    }
  });

  it('has no vehicle as a label, but in the bounded list', () => {
    const named = rows.filter(([, { labels = [] }]) =>
      labels.some(label => ['vehicle', 'vin', 'number'].includes(label)),
    );
    assert.deepEqual(
      named.map(([name]) => name),
      ['analytics_vehicle_age_seconds'],
    );
  });

  it('has buckets from 0.05 ms to 60 s for hand-overs, and rising ones everywhere', () => {
    const { buckets } = METRICS.handover_duration_seconds;
    assert.deepEqual([buckets[0], buckets.at(-1)], [0.00005, 60]);
    for (const [name, { kind, buckets: all = [] }] of rows) {
      assert.equal(all.length > 0, kind === 'histogram', name);
      assert.deepEqual(
        all,
        [...all].sort((a, b) => a - b),
        name,
      );
    }
  });

  it('gives each part all that its code counts, and no part what nobody counts there', () => {
    const wrong: string[] = [];
    for (const [part, folders] of Object.entries(FOLDERS)) {
      const told = METRICS_OF[part as keyof typeof METRICS_OF];
      for (const name of folders.flatMap(namesIn))
        if (!(name in told)) wrong.push(`${part} counts ${name}, and tells it nowhere`);
    }
    const counted = new Set(['common', 'protocol/api', 'store', ...Object.values(FOLDERS).flat()].flatMap(namesIn));
    wrong.push(
      ...rows
        .map(([name]) => name)
        .filter(name => !counted.has(name))
        .map(name => `nobody counts ${name}`),
    );
    assert.deepEqual(wrong, []);
  });
});

describe('metrics of a part', () => {
  it('say nothing of a gauge that nobody set, and begin counters at 0 where the table says so', async () => {
    const metrics = new Metrics({
      up: { kind: 'gauge', help: 'up' },
      seen_total: { kind: 'counter', help: 'seen', labels: ['as'], starts: [{ as: 'new' }] },
    });
    const before = await metrics.text();
    assert.doesNotMatch(before, /^up /m);
    assert.match(before, /^seen_total\{as="new"\} 0$/m);
    metrics.set('up', 0);
    assert.match(await metrics.text(), /^up 0$/m);
  });

  it('are told what they ask before each answer, and forget lists that are made anew', async () => {
    const metrics = new Metrics({ age: { kind: 'gauge', help: 'age', labels: ['of'] } });
    let worst = 'a';
    metrics.beforeText(() => {
      metrics.clear('age');
      metrics.set('age', 1, { of: worst });
    });
    assert.match(await metrics.text(), /age\{of="a"\} 1/);
    worst = 'b';
    const text = await metrics.text();
    assert.match(text, /age\{of="b"\} 1/);
    assert.doesNotMatch(text, /of="a"/);
  });

  it('are not told of other parts', async () => {
    const metrics = new Metrics<keyof typeof METRICS>(METRICS_OF.analytics);
    metrics.count('sdn_read_backs_total');
    assert.doesNotMatch(await metrics.text(), /sdn_read_backs_total|agent_/);
  });
});
