import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadConfig } from '../../../common/config.js';
import { packageRoot } from '../../../common/package-root.js';
import { SETTINGS } from '../../../dashboards/config.js';
import { provisioned, writeFiles } from '../../../dashboards/provision/provision.js';
import { ALERTS } from '../../../dashboards/rules/alerts.js';
import { alertFile, recordingFile } from '../../../dashboards/rules/rule-files.js';
import { hasPrometheus } from './prometheus-server.js';

const CASES = join(packageRoot(), 'test', 'real', 'prometheus', 'alerts.test.yml');
const promtool = (...args: readonly string[]) => promisify(execFile)('promtool', args);

describe('rules and configuration, by promtool', () => {
  let folder: string;

  before(async function () {
    if (!hasPrometheus()) {
      console.log('      skipped: prometheus is not installed (apt-get install prometheus)');
      this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-rules-'));
    await writeFile(join(folder, 'edgetwin-recording.yml'), recordingFile());
    await writeFile(join(folder, 'edgetwin-alerts.yml'), alertFile('http://grafana'));
    await copyFile(CASES, join(folder, 'alerts.test.yml'));
  });
  after(() => (folder === undefined ? undefined : rm(folder, { recursive: true, force: true })));

  it('are well-formed rules, and a configuration that Prometheus takes', async () => {
    const out = join(folder, 'out');
    await writeFiles(out, await provisioned(loadConfig(SETTINGS, { argv: ['--out', out], env: {} })));
    const { stdout } = await promtool('check', 'config', join(out, 'prometheus', 'prometheus.yml'));
    assert.match(stdout, new RegExp(`SUCCESS: ${Object.keys(ALERTS).length} rules found`));
  });

  it('fire when they should, and not before', async () => {
    const { stdout } = await promtool('test', 'rules', join(folder, 'alerts.test.yml'));
    assert.match(stdout, /SUCCESS/);
  });

  it('are all tried by a case', async () => {
    const cases = await readFile(CASES, 'utf8');
    const untried = Object.keys(ALERTS).filter(name => !cases.includes(name) && !/Slow$/.test(name));
    assert.deepEqual(untried, []);
  });
});
