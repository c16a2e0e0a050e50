import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../common/package-root.js';
import type { Counts } from './count-reporter.js';

/**
 * `node dist/test/run.js test|real|soak`: runs the mocha suites of one target and prints, last, `N passed, N failed,
 * N skipped` from mocha's own counts, and before it each failure once more, which may be thousands of lines above. With
 * COUNTS_FILE set it appends the three numbers there instead, and the failures as lines that begin with `#`.
 */
interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  readonly args: readonly string[];
}

const SUITES: Readonly<Record<string, readonly Suite[]>> = {
  test: [
    {
      name: 'unit',
      files: ['test/architecture.test', 'test/unit/**/*.test', 'test/fuzz/**/*.test'],
      args: ['--parallel', '--jobs', '4', '--timeout', '60000'],
    },
    {
      name: 'integration',
      files: ['test/integration/**/*.test'],
      args: ['--parallel', '--jobs', '4', '--timeout', '60000'],
    },
    {
      name: 'journeys',
      files: ['test/journeys/**/*.test'],
      args: ['--parallel', '--jobs', '2', '--timeout', '240000'],
    },
  ],
  real: [
    { name: 'browser', files: ['test/browser/**/*.test'], args: ['--timeout', '120000'] },
    {
      name: 'real',
      files: ['test/real/**/*.test'],
      args: [
        ...['--timeout', '120000'],
        ...['--ignore', 'dist/test/real/site/**', '--ignore', 'dist/test/real/cassandra/**'],
      ],
    },
    // Each opens a network of its own.
    { name: 'site', files: ['test/real/site/**/*.test'], args: ['--parallel', '--jobs', '2', '--timeout', '120000'] },
    // A cluster takes the memory and the processors of a small machine: one after the other, a cluster for each file.
    // Ended when the last test has ended: timers of the driver (4.10) were seen to outlive a client that never connected.
    { name: 'cassandra', files: ['test/real/cassandra/**/*.test'], args: ['--timeout', '240000', '--exit'] },
  ],
  soak: [{ name: 'soak', files: ['test/soak/**/*.test'], args: ['--timeout', '3600000'] }],
};

const root = packageRoot();

function runSuite(suite: Suite, folder: string): Promise<Counts> {
  const counts = join(folder, `${suite.name}.json`);
  const files = suite.files.map(file => `dist/${file}.js`);
  const args = [
    'node_modules/mocha/bin/mocha.js',
    '--no-config',
    '--enable-source-maps',
    '--reporter',
    'dist/test/count-reporter.js',
    '--reporter-option',
    `counts=${counts}`,
    ...suite.args,
    ...files,
  ];
  process.stdout.write(`\n# ${suite.name}\n`);
  return new Promise(resolve => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
    child.on('exit', code => resolve(readCounts(counts, code, suite.name)));
  });
}

/** A runner that died without writing its counts, or that failed without a failed test, is one failure. */
function readCounts(file: string, code: number | null, name: string): Counts {
  const ended = `the runner of ${name} ended with ${code ?? 'a signal'}`;
  let found: Counts;
  try {
    found = JSON.parse(readFileSync(file, 'utf8')) as Counts;
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: [`${ended} and left no counts`] };
  }
  if (code === 0 || found.failed > 0) return found;
  return { ...found, failed: 1, failures: [`${ended}, though no test failed`] };
}

const target = process.argv[2] ?? 'test';
const only = process.argv.slice(3);
const suites = (SUITES[target] ?? []).filter(suite => only.length === 0 || only.includes(suite.name));
if (suites.length === 0) {
  process.stderr.write(`usage: node dist/test/run.js ${Object.keys(SUITES).join('|')} [suite …]\n`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'edgetwin-counts-'));
const found: Counts[] = [];
for (const suite of suites) found.push(await runSuite(suite, folder));
rmSync(folder, { recursive: true });

const total = (count: (one: Counts) => number): number => found.reduce((sum, one) => sum + count(one), 0);
const [passed, failed, skipped] = [total(one => one.passed), total(one => one.failed), total(one => one.skipped)];
const failures = found.flatMap(one => one.failures);
if (failures.length > 0) process.stdout.write(`\nfailed:\n\n${failures.join('\n\n')}\n`);
const countsFile = process.env['COUNTS_FILE'];
if (countsFile !== undefined) {
  const lines = [
    `${passed} ${failed} ${skipped}`,
    ...failures.flatMap(one => one.split('\n')).map(line => `# ${line}`),
  ];
  appendFileSync(countsFile, `${lines.join('\n')}\n`);
} else process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
