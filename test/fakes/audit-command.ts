import { z } from 'zod';
import { silentLog } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import { openHttp, type HttpServer } from '../../protocol/api/http-server.js';
import { route } from '../../protocol/api/route.js';
import { METRICS } from '../../protocol/metrics.js';
import { run } from '../../store/audit/cli.js';

export interface Output {
  readonly code: number;
  readonly text: string;
  readonly errors: string;
}

/** Runs `edgetwin audit` and gives what it wrote to standard output and standard error. */
export async function auditOutput(argv: readonly string[], signal = new AbortController().signal): Promise<Output> {
  const written: string[] = [];
  const errors: string[] = [];
  const { stdout, stderr } = process;
  const writes = [stdout.write.bind(stdout), stderr.write.bind(stderr)] as const;
  stdout.write = (chunk: string | Uint8Array): boolean => written.push(String(chunk)) > 0;
  stderr.write = (chunk: string | Uint8Array): boolean => errors.push(String(chunk)) > 0;
  try {
    return { code: await run(argv, {}, signal), text: written.join(''), errors: errors.join('') };
  } finally {
    [stdout.write, stderr.write] = writes;
  }
}

/** Services whose answers a test makes up. */
export class ScriptedServices implements AsyncDisposable {
  readonly #servers: HttpServer[] = [];

  async #serve(answers: Readonly<Record<string, unknown>>): Promise<string> {
    const routes = Object.entries(answers).map(([path, answer]) =>
      route({
        method: 'GET',
        path,
        summary: 'scripted',
        answer: z.unknown(),
        handle: () => (typeof answer === 'function' ? (answer as () => unknown)() : answer),
      }),
    );
    const listen = { address: '127.0.0.1', port: 0 };
    const server = await openHttp({ part: 'fake', listen, routes, log: silentLog, metrics: new Metrics(METRICS) });
    this.#servers.push(server);
    return server.url;
  }

  /**
   * A manager whose pools name one host each, and hosts with one slot as given. `silent`: there is one more that does not answer;
   * it is listed so many times.
   */
  async manager(slots: readonly Readonly<Record<string, unknown>>[], silent = 0): Promise<string> {
    const hosts = await Promise.all(
      slots.map(async (slot, i) => {
        const host = { host: `edge-${i + 1}/1`, domain: `edge-${i + 1}`, address: '127.96.0.1', port: 5683 };
        const health = { host: { ...host, control: 'http://127.0.0.1:1' }, pid: 1, startTicks: 1, stalledMs: 0 };
        const control = await this.#serve({ '/v1/health': { ...health, slots: [{ slot: 0, ...slot }] } });
        return { host: { ...host, control }, pid: 1, slots: [] };
      }),
    );
    const away = {
      host: 'edge-9/1',
      domain: 'edge-9',
      address: '127.96.0.1',
      port: 5683,
      control: 'http://127.0.0.1:1',
    };
    let times = 0;
    const listed = (): unknown => (times++ < silent ? [...hosts, { host: away, pid: 1, slots: [] }] : hosts);
    return this.#serve({
      '/v1/pools': () => ({ pools: [{ domain: 'edge-1', size: 1, starting: 0, hosts: listed() }] }),
    });
  }

  /** An sdn-app that has one flow, of vehicle 1,025. */
  sdn(epochLow: number): Promise<string> {
    return this.#serve({
      '/v1/check': {
        connected: true,
        flows: [{ table: 1, priority: 100, vehicle: 1_025, epochLow, kind: 'path', packets: 7 }],
        drops: {},
        missing: 0,
        foreign: 0,
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers.splice(0)) await server[Symbol.asyncDispose]();
  }
}
