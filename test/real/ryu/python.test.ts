import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../../common/package-root.js';
import { findVenv, ryuFolder, type VenvKind } from '../../../sdn-app/ryu/venv.js';

/** The Python code of the Ryu app, by the tools of its lock files. */
describe('the Python code of the Ryu app', function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'edgetwin-python-'))));
  afterEach(() => rm(folder, { recursive: true }));

  /** What it prints; a test that has no such environment is skipped. */
  const python = async (context: Mocha.Context, kind: VenvKind, ...argv: readonly string[]): Promise<string> => {
    const found = await findVenv(kind);
    if (found === undefined) {
      console.log('      (skipped: not installed; see sdn-app/ryu/install.ts)');
      return context.skip();
    }
    const { stdout, stderr } = await promisify(execFile)(found, ['-B', ...argv], { cwd: ryuFolder() });
    return `${stdout}${stderr}`;
  };

  it('passes its unit tests', async function () {
    const said = await python(this, 'ryu', '-m', 'unittest', 'discover', '--top-level-directory', '.', '-s', 'tests');
    assert.match(said, /Ran \d{2,} tests/);
  });

  it('has the types that it says', async function () {
    assert.match(await python(this, 'tools', '-m', 'mypy', '--cache-dir', join(folder, 'mypy')), /no issues found/);
  });

  it('is as ruff formats it', async function () {
    assert.match(
      await python(this, 'tools', '-m', 'ruff', 'format', '--check', '--no-cache', '.'),
      /already formatted/,
    );
  });

  it('has nothing that ruff finds wrong', async function () {
    assert.match(await python(this, 'tools', '-m', 'ruff', 'check', '--no-cache', '.'), /All checks passed/);
  });

  describe('and that of the benchmark beside it', () => {
    const program = join(packageRoot(), 'bench', 'paper-ryu-app.py');
    const settings = join(ryuFolder(), 'pyproject.toml');

    it('has the types that it says', async function () {
      const cache = join(folder, 'mypy');
      const words = ['--config-file', settings, '--cache-dir', cache, program];
      assert.match(await python(this, 'tools', '-m', 'mypy', ...words), /no issues found/);
    });

    it('is as ruff formats it, and has nothing that ruff finds wrong', async function () {
      const words = ['--config', settings, '--no-cache', program];
      assert.match(await python(this, 'tools', '-m', 'ruff', 'format', '--check', ...words), /already formatted/);
      assert.match(await python(this, 'tools', '-m', 'ruff', 'check', ...words), /All checks passed/);
    });
  });
});
