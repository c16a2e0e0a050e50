import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

interface ReporterOptions {
  readonly reporterOption?: Readonly<Record<string, string>>;
  readonly reporterOptions?: Readonly<Record<string, string>>;
}

/** What a run of one suite leaves for the one who sums up. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One text for each failed test: its whole title, and how its error begins. */
  readonly failures: readonly string[];
}

const ERROR_LINES = 12;

function told(test: Mocha.Test): string {
  const { stack, message } = test.err ?? {};
  return [test.fullTitle(), ...(stack ?? message ?? 'no error').split('\n').slice(0, ERROR_LINES)].join('\n    ');
}

/** Mocha's own `spec` report, and the counts of the run as JSON in the file named by the option `counts`. */
class CountReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const { reporterOption, reporterOptions } = options as ReporterOptions;
    const file = (reporterOption ?? reporterOptions)?.['counts'];
    runner.once('end', () => {
      if (file === undefined) return;
      const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
      const counts: Counts = { passed: passes, failed: failures, skipped: pending, failures: this.failures.map(told) };
      writeFileSync(file, JSON.stringify(counts));
    });
  }
}

// Mocha loads reporters by require(): this name makes the class itself what it gets.
export { CountReporter as 'module.exports' };
