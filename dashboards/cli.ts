import { configHelp, loadConfig } from '../common/config.js';
import { CONFIG_INVALID, EdgetwinError } from '../common/errors.js';
import { buildBoards } from './build.js';
import { SETTINGS, type DashboardsConfig } from './config.js';
import { provisioned, writeFiles } from './provision/provision.js';

export const help = `usage: edgetwin dashboards <build|provision> --out DIR [--flag value …]

  build      the dashboards alone, as JSON files for Grafana's import or its API
  provision  everything for a Prometheus and a Grafana: dashboards, data sources, rules, alerts, what is scraped, and a
             compose file that starts both

${configHelp(SETTINGS)}
`;

const VERBS: Readonly<Record<string, (config: DashboardsConfig) => Promise<ReadonlyMap<string, string>>>> = {
  build: () => Promise.resolve(new Map(buildBoards().map(({ file, text }) => [file, text]))),
  provision: provisioned,
};

export async function run([verb = '', ...argv]: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const make = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (make === undefined)
    throw new EdgetwinError(
      'CONFIG_INVALID',
      CONFIG_INVALID,
      `'${verb}' is none of ${Object.keys(VERBS).join(', ')}; see edgetwin dashboards --help`,
    );
  const config = loadConfig(SETTINGS, { argv, env });
  const paths = await writeFiles(config.out, await make(config));
  process.stdout.write(`${paths.join('\n')}\n`);
  return 0;
}
