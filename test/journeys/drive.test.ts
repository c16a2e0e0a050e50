import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import type { Outcome } from '../../lab/demo/finish.js';

describe('a recorded drive through the whole system', () => {
  it('hands over between two domains, loses nothing, doubles nothing, and says so in JSON', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'edgetwin-drive-'));
    try {
      const json = join(folder, 'outcome.json');
      const argv = [
        'demo',
        '--once',
        '--no-ui',
        '--cars',
        '2',
        '--speed',
        '12',
        '--drive',
        'drive-17',
        '--http-port',
        '0',
        '--json',
        json,
      ];
      const demo = spawn(process.execPath, [join(packageRoot(), 'dist/bin/edgetwin.js'), ...argv], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      for (const stream of [demo.stdout, demo.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const [code] = (await once(demo, 'exit')) as [number];
      assert.equal(code, 0, said);
      const outcome = JSON.parse(await readFile(json, 'utf8')) as Outcome;
      const { reports, handovers } = outcome;
      assert.deepEqual(outcome.violations, []);
      assert.equal(reports.lost, 0);
      assert.equal(reports.duplicated, 0);
      assert.ok(
        reports.acknowledged > 50 && reports.stored === reports.accepted - reports.dropped,
        JSON.stringify(reports),
      );
      assert.ok(
        handovers.completed >= 4 && handovers.failed === 0 && handovers.cancelled === 0,
        JSON.stringify(handovers),
      );
      assert.equal(handovers.phasesMs.completed?.n, handovers.completed);
      assert.equal(outcome.restarts, 0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
