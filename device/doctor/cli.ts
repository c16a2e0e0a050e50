import { configHelp } from '../../common/config.js';
import { CAR_CHECKS } from './car-checks.js';
import { doctorText } from './doctor-text.js';
import { examine } from './examine.js';
import { exitCodeOf, findingsOf, worst, type Check } from './findings.js';
import { PLACE_CHECKS } from './place-checks.js';
import { doctorConfig, DOCTOR_SETTINGS, SERVICE_ENV } from './settings.js';
import { AGENT_CHECKS, WAY_CHECKS } from './way-checks.js';

export const help = `edgetwin doctor [--json] [--env-file FILE] [settings]
  looks at adapter, car, receiver, clock, outbox, manager and twin of this machine, and says of each what it saw, what that
  means, and what to do. It takes the settings of the service (${SERVICE_ENV}) where there are any; others, or
  flags, go before them. It only reads: the car is asked what the agent asks, and an agent that runs is asked in its place.
  What belongs to the agent alone needs its user: sudo edgetwin doctor

Exit code: 0 all is well, 1 warnings, 2 a fault, or a setting is wrong.

Settings, those of the agent among them:
${configHelp(DOCTOR_SETTINGS)}
`;

/** In the order in which one looks for a fault. */
export const CHECKS: readonly Check[] = [...AGENT_CHECKS, ...CAR_CHECKS, ...PLACE_CHECKS, ...WAY_CHECKS];

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const config = doctorConfig(argv, env);
  process.title = 'edgetwin-doctor';
  const onStep = (what: string): void => void process.stderr.write(`looking at ${what} …\n`);
  const seen = await examine(config, config.json ? {} : { onStep }, signal);
  const findings = findingsOf(CHECKS, seen);
  const report = { schema: 1, severity: worst(findings), findings, seen };
  process.stdout.write(config.json ? `${JSON.stringify(report, null, 2)}\n` : `\n${doctorText(seen, findings)}`);
  return exitCodeOf(findings);
}
