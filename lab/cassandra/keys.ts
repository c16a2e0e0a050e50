import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import type { ClientKeys } from './cql-probe.js';

/** What a cluster with TLS has: files of its own certificate authority, of its nodes and of its clients. */
export interface Keys {
  /** PEM files for clients. */
  readonly client: ClientKeys;
  /** PKCS12, for each node, and of whom nodes believe. */
  keystoreOf(domain: string): string;
  readonly truststore: string;
  readonly password: string;
}

/** Of stores that lie beside their password: it hides nothing, but Java wants one. */
const PASSWORD = 'edgetwin-lab';
const DAYS = '30';

/** Makes them in `folder`, or takes those that are there. `addressesOf` gives what a node's certificate stands for. */
export async function openKeys(
  folder: string,
  domains: readonly string[],
  addressesOf: (domain: string) => readonly string[],
): Promise<Keys> {
  const file = (name: string): string => join(folder, name);
  const keys: Keys = {
    client: { ca: file('ca.pem'), cert: file('client.pem'), key: file('client.key') },
    keystoreOf: domain => file(`${domain}.p12`),
    truststore: file('trust.p12'),
    password: PASSWORD,
  };
  if (existsSync(file('made'))) return keys;
  await mkdir(folder, { recursive: true });
  const subject = (name: string): string[] => ['-subj', `/O=edgetwin lab/CN=${name}`];
  const newKey = (name: string): string[] => [
    ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file(`${name}.key`)],
  ];
  const sign = async (name: string, alternatives: readonly string[]): Promise<void> => {
    const extensions = ['basicConstraints=CA:FALSE', `subjectAltName=${alternatives.join(',')}`];
    await tool('openssl', [
      ...['req', '-x509', '-days', DAYS, ...newKey(name), '-out', file(`${name}.pem`), ...subject(name)],
      ...['-CA', file('ca.pem'), '-CAkey', file('ca.key')],
      ...extensions.flatMap(one => ['-addext', one]),
    ]);
  };
  const ca = ['req', '-x509', '-days', DAYS, ...newKey('ca'), '-out', file('ca.pem'), ...subject('ca')];
  await tool('openssl', ca);
  await Promise.all([
    sign('client', ['DNS:client']),
    // Java takes for trusted only what keytool has marked so.
    tool('keytool', [
      ...['-importcert', '-noprompt', '-alias', 'ca', '-file', file('ca.pem'), '-keystore', keys.truststore],
      ...['-storetype', 'PKCS12', '-storepass', PASSWORD],
    ]),
    ...domains.map(async domain => {
      await sign(domain, [`DNS:${domain}`, ...addressesOf(domain).map(address => `IP:${address}`)]);
      await tool('openssl', [
        ...['pkcs12', '-export', '-name', domain, '-in', file(`${domain}.pem`), '-inkey', file(`${domain}.key`)],
        ...['-certfile', file('ca.pem'), '-out', keys.keystoreOf(domain), '-passout', `pass:${PASSWORD}`],
      ]);
    }),
  ]);
  await writeFile(file('made'), '');
  return keys;
}

async function tool(program: string, argv: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(program, argv);
  } catch (error) {
    throw fault('LAB_FAILED', `${program} ${argv[0] ?? ''}: ${messageOf(error)}`, { cause: error });
  }
}
