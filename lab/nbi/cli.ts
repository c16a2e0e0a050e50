import { configHelp, integer, loadConfig, oneOf, text, type Settings } from '../../common/config.js';
import { aborted } from '../../common/lifecycle.js';
import { openNbi } from './server.js';

const SETTINGS = {
  release: { parse: oneOf('R5', 'R8', 'R19'), default: 'R19', help: 'release that it answers as' },
  port: { parse: integer(0, 65_535), default: '9999', help: 'port on 127.0.0.1; 0: a free one' },
  password: { parse: text, default: 'admin', help: 'password of the user admin in the project admin' },
  operationMs: { parse: integer(0, 3_600_000), default: '1500', help: 'what an operation takes' },
} as const satisfies Settings;

export const help = `usage: edgetwin lab nbi [--flag value …]

A stand-in for the northbound interface of Open Source MANO, quirks included: packages, orders and operations are real, machines are
not. For trials of \`edgetwin mano\` and of md-manager without an orchestrator.

${configHelp(SETTINGS)}
`;

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const { release, port, password, operationMs } = loadConfig(SETTINGS, { argv, env });
  process.title = 'edgetwin-lab-nbi';
  await using nbi = await openNbi({
    release,
    port,
    password,
    endingOf: () => ({ ms: operationMs, state: 'COMPLETED' }),
  });
  process.stdout.write(`ready ${nbi.url}\n`);
  await aborted(signal);
  return 0;
}
