import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

interface ReporterOptions {
  readonly reporterOption?: Readonly<Record<string, string>>;
  readonly reporterOptions?: Readonly<Record<string, string>>;
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
      writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
    });
  }
}

// Mocha loads reporters by require(): this name makes the class itself what it gets.
export { CountReporter as 'module.exports' };
