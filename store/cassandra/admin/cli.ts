import { configHelp, loadConfig } from '../../../common/config.js';
import { fault } from '../../../protocol/errors.js';
import { administrationSettings } from '../../settings.js';
import { readMigrations } from '../schema/migrations.js';
import { openAdmin, type Admin } from './admin.js';
import { retentionOf, SETTINGS, type StoreAdminConfig } from './config.js';
import { migrate } from './migrate.js';
import { repairByNodetool, repairByReading, type RepairProgress } from './repair.js';
import { makeRoles } from './roles.js';
import { clusterStatus, statusText } from './status.js';
import { verify, verifyText } from './verify.js';

export const help = `usage: edgetwin store migrate|status|verify|repair|roles --cassandra-contact-points HOST,… [--flag value …]

  migrate  makes keyspaces and tables, applies the migrations that are missing, sets retention and replication;
           changes nothing where all is as it should be; to be run by one at a time
  status   nodes, releases, commitlog_sync, replication, migrations
  verify   whether schema, replication and durability are as expected; exit code 1 where not
  repair   heals what hints did not: after a cut longer than the hint window, or a changed replication
  roles    a role for each service, with the rights that it needs and no others; passwords in a folder

Exit code: 0 done, 1 it failed or (verify) something is not as expected, 2 the settings are wrong.

${configHelp(SETTINGS)}
`;

interface Outcome {
  /** For --json. */
  readonly result: unknown;
  readonly text: string;
  readonly ok: boolean;
}

type Command = (admin: Admin, config: StoreAdminConfig) => Promise<Outcome>;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const COMMANDS: Readonly<Record<string, Command>> = {
  async migrate(admin, config) {
    const done = await migrate(admin, {
      migrations: await readMigrations(),
      retention: retentionOf(config),
      twin: config['twin.replication'],
      control: config['control.replication'],
      auth: config['cassandra.user'] !== undefined,
      onStep: say,
    });
    const text = done.length === 0 ? 'nothing to do' : `${done.length} steps done`;
    return { result: { done }, text, ok: true };
  },
  async status(admin) {
    const status = await clusterStatus(admin, await readMigrations());
    return { result: status, text: statusText(status), ok: true };
  },
  async verify(admin, config) {
    const migrations = await readMigrations();
    const checks = await verify(admin, await clusterStatus(admin, migrations), {
      migrations,
      retention: retentionOf(config),
      auth: config['cassandra.user'] !== undefined,
    });
    return { result: { checks }, text: verifyText(checks), ok: checks.every(({ ok }) => ok) };
  },
  async repair(admin, config) {
    const { nodetool } = config;
    if (nodetool !== undefined) {
      const nodes = admin.nodes();
      await repairByNodetool(nodetool, { prefix: admin.prefix, nodes, onLine: say });
      return { result: { nodes: nodes.length }, text: `${nodes.length} nodes repaired`, ok: true };
    }
    const rows = await repairByReading(admin, {
      migrations: await readMigrations(),
      ranges: config['repair.ranges'],
      atOnce: config['repair.atOnce'],
      onProgress: sayTenths(),
    });
    const text = Object.entries(rows).map(([table, count]) => `${table}: ${count} rows compared on all replicas`);
    return { result: { rows }, text: text.join('\n'), ok: true };
  },
  async roles(admin, config) {
    const roles = await makeRoles(admin, config['roles.folder']);
    return {
      result: { roles },
      text: roles.map(({ role, passwordFile }) => `${role} ${passwordFile}`).join('\n'),
      ok: true,
    };
  },
};

/** A small table is a line of the result; a large one shows how far it is, too. */
const LARGE_ROWS = 10_000;

function sayTenths(): (progress: RepairProgress) => void {
  let last = '';
  return ({ table, ranges, of, rows }) => {
    const line = `${table}: ${Math.floor((10 * ranges) / of) * 10} %`;
    if (rows < LARGE_ROWS || line === last) return;
    last = line;
    say(`${line}, ${rows} rows`);
  };
}

/** Administration of the cluster behind the store. */
export async function run(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [name = '', ...flags] = argv;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined)
    throw fault(
      'CONFIG_INVALID',
      `'${name}' is none of ${Object.keys(COMMANDS).join(', ')}; see edgetwin store --help`,
    );
  const config = loadConfig(SETTINGS, { argv: flags, env });
  await using admin = await openAdmin(administrationSettings(config), config['cassandra.keyspace']);
  const { result, text, ok } = await command(admin, config);
  process.stdout.write(`${config.json ? JSON.stringify(result, undefined, 1) : text}\n`);
  return ok ? 0 : 1;
}
