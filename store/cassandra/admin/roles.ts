import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../common/errors.js';
import { inKeyspaces } from '../consistency.js';
import type { Admin } from './admin.js';

type Right = readonly ['SELECT' | 'MODIFY', string];

/** Any client sees whether nodes keep what they acknowledge. */
const OWN_SETTINGS: Right = ['SELECT', 'TABLE system_views.settings'];
const read = (...resources: readonly string[]): Right[] => resources.map(resource => ['SELECT', resource]);
const write = (...resources: readonly string[]): Right[] =>
  resources.flatMap(resource => [['SELECT', resource] as const, ['MODIFY', resource] as const]);

/** What each service may, and nothing else: no role may change the schema, and only md-manager writes to control. */
export const ROLES: Readonly<Record<string, readonly Right[]>> = {
  vmd: [
    OWN_SETTINGS,
    ...write(
      'TABLE {twin}.report_history',
      'TABLE {twin}.report_day',
      'TABLE {twin}.twin_live',
      'TABLE {twin}.replication_marker',
    ),
    ...read('TABLE {control}.device', 'TABLE {control}.device_number'),
  ],
  md_manager: [OWN_SETTINGS, ...write('KEYSPACE {control}'), ...read('KEYSPACE {twin}')],
  analytics: [OWN_SETTINGS, ...read('KEYSPACE {twin}', 'TABLE {control}.device', 'TABLE {control}.device_number')],
  audit: [OWN_SETTINGS, ...read('KEYSPACE {twin}', 'KEYSPACE {control}')],
};

export interface RoleFile {
  readonly role: string;
  readonly passwordFile: string;
}

/**
 * Makes a role for each service and gives it its rights; others that it has are taken away. Its password is in
 * `folder/<role>.password`, which is made (mode 0600) where it is missing: without the file a role that exists gets another one.
 */
export async function makeRoles(admin: Admin, folder: string): Promise<RoleFile[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const existing = new Set((await admin.run('LIST ROLES')).map(row => String(row['role'])));
  const made: RoleFile[] = [];
  for (const [service, rights] of Object.entries(ROLES)) {
    const role = `${admin.prefix}_${service}`;
    const passwordFile = join(folder, `${role}.password`);
    const { password, isNew } = await passwordIn(passwordFile);
    const how = `WITH PASSWORD = '${password.replaceAll("'", "''")}' AND LOGIN = true AND SUPERUSER = false`;
    // Cassandra lets a password be changed every five seconds at most: one that is known stays.
    if (!existing.has(role)) await admin.run(`CREATE ROLE ${role} ${how}`, [], { say: `CREATE ROLE ${role}` });
    else if (isNew) await admin.run(`ALTER ROLE ${role} ${how}`, [], { say: `ALTER ROLE ${role}` });
    await setRights(admin, role, rights);
    made.push({ role, passwordFile });
  }
  return made;
}

async function setRights(admin: Admin, role: string, rights: readonly Right[]): Promise<void> {
  const wanted = new Set(rights.map(([right, resource]) => `${right} ON ${inKeyspaces(resource, admin.prefix)}`));
  for (const row of await admin.run(`LIST ALL PERMISSIONS OF ${role}`)) {
    const has = `${String(row['permission'])} ON ${resourceCql(String(row['resource']))}`;
    if (!wanted.has(has)) await admin.run(`REVOKE ${has} FROM ${role}`);
  }
  for (const right of wanted) await admin.run(`GRANT ${right} TO ${role}`);
}

/** As `LIST` names a resource (`<table a.b>`, `<keyspace a>`, `<all keyspaces>`), for a statement. */
export const resourceCql = (listed: string): string =>
  listed.replace(/^<(table|keyspace|all) ?(.*)>$/, (_, kind: string, name: string) => `${kind.toUpperCase()} ${name}`);

async function passwordIn(path: string): Promise<{ readonly password: string; readonly isNew: boolean }> {
  try {
    return { password: (await readFile(path, 'utf8')).trim(), isNew: false };
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const password = randomBytes(24).toString('base64url');
  await writeFile(path, `${password}\n`, { mode: 0o600, flag: 'wx' });
  return { password, isNew: true };
}
