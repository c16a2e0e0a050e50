import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, closeSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { delay } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import { killed } from '../open-vswitch/ovs-folder.js';
import { answersCql, type ClientKeys } from './cql-probe.js';
import { queryOnce } from './cql-query.js';
import {
  CQL_PORT,
  LOGBACK,
  LOGBACK_TOOLS,
  cassandraYaml,
  daemonWords,
  nodetoolWords,
  rackProperties,
  schemaVersions,
  type ClassArchive,
  type NodePlan,
} from './node-config.js';
import { dyingWithUs, isRunning, outputOf } from './node-process.js';
import type { Places } from './places.js';
import type { SmallDisk } from './small-disk.js';

/** One Cassandra, a datacentre of its own. */
export interface CassandraNode {
  readonly domain: string;
  /** host:port of CQL, for clients. */
  readonly contactPoint: string;
  /** Its configuration, its log (`node.log`) and, if it has no small disk, its data. */
  readonly folder: string;
  /** Of its small disk, as this process sees it. */
  readonly disk: string | undefined;
  /** While it runs. */
  readonly pid: number | undefined;
  readonly state: 'running' | 'paused' | 'stopped';
  /** SIGKILL, and its end. */
  kill(): Promise<void>;
  /** SIGSTOP: its ports stay open, and nothing answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Tells its clients and the other nodes that it goes, writes its tables to disk (`nodetool drain`), and ends. */
  stop(): Promise<void>;
  /** Starts it again on its data, killing it first if it runs; resolves once it answers CQL and the nodes within reach agree. */
  restart(): Promise<void>;
  /** What nodetool says; LAB_FAILED with its words where it fails. */
  nodetool(...argv: readonly string[]): Promise<string>;
}

/** One that starts says something all the time, however slow the machine: a start is given up when nothing comes for so long. */
const SILENT_MS = 60_000;
const PROBE_MS = 1_000;
/** A node that is not there is given up by the one that asks it after 5 s. */
const QUERY_MS = 6_000;
const POLL_MS = 50;
const LOGGED = 1_500;
const UUID_BYTES = 16;
/** A table of Cassandra's own that has three replicas: all nodes of a cluster of up to three. */
const EVERYWHERE = {
  replicas: 3,
  cql: 'SELECT parent_id FROM system_distributed.parent_repair_history WHERE parent_id = 00000000-0000-1000-8000-000000000000',
} as const;
/** Another process may take the port meant for JMX before the node does. */
const STARTS = 3;
const PORT_TAKEN = /Address already in use|Port already in use|BindException/;

export interface NodeParts {
  readonly plan: NodePlan;
  readonly places: Places;
  readonly jars: string;
  readonly archive: ClassArchive | undefined;
  readonly heapMb: number;
  readonly disk: SmallDisk | undefined;
  readonly keys: ClientKeys | undefined;
  /** Resolves once this node and all those it can reach know one another and have one schema. */
  settled(): Promise<void>;
}

export class LabNode implements CassandraNode {
  readonly #parts: NodeParts;
  #child: ChildProcess | undefined;
  #paused = false;
  #jmxPort = 0;

  constructor(parts: NodeParts) {
    this.#parts = parts;
  }

  get domain(): string {
    return this.#parts.plan.domain;
  }

  get address(): string {
    return this.#parts.plan.address;
  }

  get contactPoint(): string {
    return `${this.#parts.plan.contactAddress}:${CQL_PORT}`;
  }

  get folder(): string {
    return this.#parts.plan.folder;
  }

  get disk(): string | undefined {
    return this.#parts.disk?.path;
  }

  get pid(): number | undefined {
    return isRunning(this.#child) ? this.#child.pid : undefined;
  }

  get state(): CassandraNode['state'] {
    return !isRunning(this.#child) ? 'stopped' : this.#paused ? 'paused' : 'running';
  }

  /** Writes its files and starts it; resolves once it answers CQL. */
  async start(): Promise<void> {
    const { plan } = this.#parts;
    const conf = join(plan.folder, 'conf');
    mkdirSync(conf, { recursive: true });
    await Promise.all([
      writeFile(join(conf, 'cassandra.yaml'), cassandraYaml(plan), { mode: 0o600 }),
      writeFile(join(conf, 'cassandra-rackdc.properties'), rackProperties(plan)),
      writeFile(join(conf, 'logback.xml'), LOGBACK),
      writeFile(join(conf, 'logback-tools.xml'), LOGBACK_TOOLS),
    ]);
    for (let left = STARTS; ; left--) {
      const said = await this.#startOnce();
      if (said === undefined) return;
      if (left === 1 || !PORT_TAKEN.test(said))
        throw fault('LAB_FAILED', `Cassandra of ${plan.domain} did not start: ${said.slice(-LOGGED)}`);
    }
  }

  async kill(): Promise<void> {
    await killed(this.#child);
    this.#paused = false;
  }

  pause(): void {
    this.#paused = isRunning(this.#child) && this.#child.kill('SIGSTOP');
  }

  resume(): void {
    if (isRunning(this.#child)) this.#child.kill('SIGCONT');
    this.#paused = false;
  }

  async stop(): Promise<void> {
    if (!isRunning(this.#child)) return;
    this.resume();
    await this.nodetool('drain');
    await this.kill();
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
    await this.#parts.settled();
  }

  async nodetool(...argv: readonly string[]): Promise<string> {
    const { plan, places, jars, archive } = this.#parts;
    const machine = { jars, jmxPort: this.#jmxPort, archive: archive?.is === 'used' ? archive : undefined };
    const words = dyingWithUs(nodetoolWords(plan, machine, argv));
    const { code, out, err } = await outputOf(places.exec(plan.domain, words, { stdio: ['ignore', 'pipe', 'pipe'] }));
    if (code !== 0) throw fault('LAB_FAILED', `nodetool ${argv.join(' ')} of ${plan.domain}: ${(err || out).trim()}`);
    return out;
  }

  /** Whether it gets answers of all these nodes, of which it is one, and all have one version of the schema. */
  async agreesWith(nodes: readonly LabNode[]): Promise<boolean> {
    const { plan } = this.#parts;
    if (!(await this.#answers())) return false;
    if (nodes.length === 1) return true;
    // Without a login CQL tells it as well, and there is no Java virtual machine to start each time.
    if (plan.password || plan.nodes > EVERYWHERE.replicas) return this.#describes(nodes.map(({ address }) => address));
    try {
      const [mine, ...others] = await Promise.all([this, ...nodes].map(node => node.schemaVersion()));
      if (others.some(version => version !== mine)) return false;
      await this.#query(EVERYWHERE.cql, nodes.length);
      return true;
    } catch (error) {
      if (codeOf(error) === 'LAB_FAILED') return false;
      throw error;
    }
  }

  /** In hexadecimal digits; LAB_FAILED where it does not answer, or not without a login. */
  async schemaVersion(): Promise<string> {
    const rows = await this.#query('SELECT schema_version FROM system.local', 1);
    return rows.subarray(-UUID_BYTES).toString('hex');
  }

  #query(cql: string, replicas: number): Promise<Buffer> {
    const { plan, keys } = this.#parts;
    return queryOnce({
      ...{ address: plan.contactAddress, port: CQL_PORT, keys },
      ...{ cql, replicas, timeoutMs: QUERY_MS },
    });
  }

  /** The same, of nodetool. */
  async #describes(addresses: readonly string[]): Promise<boolean> {
    const versions = schemaVersions(await this.nodetool('describecluster').catch(() => ''));
    return [...versions].some(([version, of]) => version !== 'UNREACHABLE' && addresses.every(one => of.includes(one)));
  }

  /** `undefined` once it answers CQL, or what it logged since this start where it did not. */
  async #startOnce(): Promise<string | undefined> {
    const { plan, places, jars, archive, heapMb, disk } = this.#parts;
    this.#jmxPort = await places.jmxPort();
    const log = join(plan.folder, 'node.log');
    const output = openSync(log, 'a');
    const begins = statSync(log).size;
    const machine = { jars, archive, jmxPort: this.#jmxPort, heapMb };
    const words = [...(disk?.enter ?? []), ...dyingWithUs(daemonWords(plan, machine))];
    const child = places.exec(plan.domain, words, {
      stdio: ['ignore', output, output],
      cwd: plan.folder,
      // Ctrl-C is for the owner, who ends its nodes when nobody needs them any more.
      detached: true,
    });
    closeSync(output);
    this.#child = child;
    this.#paused = false;
    let failed: unknown;
    child.once('error', error => (failed = error));
    const ended = once(child, 'close').catch((error: unknown) => (failed = error));
    let heard = { bytes: begins, atMs: performance.now() };
    while (isRunning(child) && failed === undefined && performance.now() < heard.atMs + SILENT_MS) {
      if (await this.#answers()) return undefined;
      await Promise.race([ended, delay(POLL_MS)]);
      const bytes = statSync(log).size;
      if (bytes > heard.bytes) heard = { bytes, atMs: performance.now() };
    }
    const end = isRunning(child) ? `silent for ${SILENT_MS / 1_000} s` : 'ended';
    await this.kill();
    return failed === undefined ? `${readFileSync(log).subarray(begins).toString()}(${end})` : String(failed);
  }

  #answers(): Promise<boolean> {
    const { plan, keys } = this.#parts;
    return answersCql(plan.contactAddress, CQL_PORT, keys, PROBE_MS);
  }
}
