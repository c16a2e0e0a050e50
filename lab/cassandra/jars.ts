import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, messageOf } from '../../common/errors.js';
import { packageRoot } from '../../common/package-root.js';
import { fault } from '../../protocol/errors.js';
import { installed } from '../netns/namespaces.js';

/**
 * Cassandra as jars from Maven Central. `pom.xml` names one artifact by its exact version; Maven brings what it needs and
 * checks each file's checksum. They are kept in `~/.cache/edgetwin/cassandra-VERSION`, of which `pom.xml` is the stamp.
 */
const POM = join(packageRoot(), 'lab', 'cassandra', 'pom.xml');
const FETCH_MS = 600_000;
const MISSING: unknown[] = ['ENOENT', 'ENOTDIR'];

/** Why no Cassandra can run here, in words, or `undefined` where one can. What `make test-real` would fetch may be missing. */
export function cassandraMissing(): string | undefined {
  const missing = ['java', 'setpriv'].filter(name => !installed(name));
  return missing.length === 0 ? undefined : `${missing.join(', ')} not installed: see lab/real/install.sh`;
}

/** The folder of the jars, if they are there and are those of this `pom.xml`. */
export async function findJars(): Promise<string | undefined> {
  const folder = await jarsFolder();
  try {
    return (await readFile(join(folder, 'pom.xml'), 'utf8')) === (await readFile(POM, 'utf8')) ? folder : undefined;
  } catch (error) {
    if (MISSING.includes(codeOf(error))) return undefined;
    throw error;
  }
}

/**
 * The folder of the jars, fetched where they are missing (67 MB, half a minute). They are laid aside and put in their place
 * when complete: two may fetch at once, and none is ever half there. LAB_FAILED where Maven is missing or cannot fetch.
 */
export async function ensureJars(signal?: AbortSignal): Promise<string> {
  const found = await findJars();
  if (found !== undefined) return found;
  if (!installed('mvn')) throw fault('LAB_FAILED', 'Maven is not installed: see lab/real/install.sh');
  const folder = await jarsFolder();
  const aside = `${folder}.${process.pid}`;
  try {
    await mkdir(aside, { recursive: true });
    await copyFile(POM, join(aside, 'pom.xml'));
    await maven(aside, signal);
    if ((await readdir(aside)).length < 2) throw fault('LAB_FAILED', 'Maven fetched nothing');
    // Those of another pom.xml with the same version of Cassandra.
    if ((await findJars()) === undefined) await rm(folder, { recursive: true, force: true });
    await putInPlace(aside, folder);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return folder;
}

async function jarsFolder(): Promise<string> {
  return join(homedir(), '.cache', 'edgetwin', `cassandra-${await cassandraVersion()}`);
}

async function cassandraVersion(): Promise<string> {
  const [, version] =
    /<artifactId>cassandra-all<\/artifactId>\s*<version>([^<]+)</.exec(await readFile(POM, 'utf8')) ?? [];
  if (version === undefined) throw fault('LAB_FAILED', `${POM} names no cassandra-all`);
  return version;
}

async function maven(folder: string, signal: AbortSignal | undefined): Promise<void> {
  // `-C`: a file whose checksum is wrong is an error.
  const argv = ['-q', '-B', '-ntp', '-C', 'dependency:copy-dependencies'];
  try {
    await promisify(execFile)('mvn', [...argv, `-DoutputDirectory=${folder}`, '-DincludeScope=runtime'], {
      cwd: folder,
      timeout: FETCH_MS,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    throw fault('LAB_FAILED', `mvn: ${lastError(error)}`, { cause: error });
  }
}

/** Whoever comes second leaves what is there. */
async function putInPlace(aside: string, folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  try {
    await rename(aside, folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error;
  }
}

function lastError(error: unknown): string {
  const said = typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : '';
  return said.split('\n').find(line => line.startsWith('[ERROR]')) ?? messageOf(error);
}
