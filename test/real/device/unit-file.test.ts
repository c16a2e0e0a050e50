import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../../common/package-root.js';
import { flagOf } from '../../../common/config.js';
import { SETTINGS } from '../../../device/config.js';

const UNIT = join(packageRoot(), 'device', 'systemd', 'edgetwin-device.service');
/** Exposure by `systemd-analyze security`, tenths: 0 is closed, 100 open. */
const MOST_EXPOSED = 25;

describe('the unit of the agent', function () {
  this.timeout(30_000);
  let folder: string;
  before(function () {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
      process.stdout.write('    systemd-analyze is not installed: skipped\n');
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'edgetwin-unit-'));
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  it('holds nothing that systemd does not know', () => {
    const copy = join(folder, 'edgetwin-device.service');
    // Where nothing is installed, there is no such program.
    writeFileSync(copy, readFileSync(UNIT, 'utf8').replace('/usr/bin/edgetwin', process.execPath));
    const { status, stderr, stdout } = spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' });
    const ours = `${stdout}${stderr}`.split('\n').filter(line => line.includes('edgetwin-device'));
    assert.deepEqual([status, ours], [0, []]);
  });

  it('leaves the agent little that it could do to the machine', () => {
    const { status, stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=yes', `--threshold=${MOST_EXPOSED}`, '--no-pager', UNIT],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, `${stdout}${stderr}`.slice(-2_000));
  });

  it('names settings that there are', () => {
    const names = new Set(
      Object.keys(SETTINGS).map(name => `EDGETWIN_${flagOf(name).slice(2).replaceAll('-', '_').toUpperCase()}`),
    );
    for (const [name] of readFileSync(UNIT, 'utf8').matchAll(/EDGETWIN_[A-Z_]+/g)) assert.ok(names.has(name), name);
  });
});
