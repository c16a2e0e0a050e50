import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { EdgetwinError } from '../../common/errors.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import { inUrl } from '../../protocol/ipv6.js';
import { agentTold } from './agent-told.js';
import type { AgentSeen } from './observations.js';

const statuses = z.object({ agents: z.array(agentTold) });

/** `process.title` of an agent: of one vehicle, or of the first and the last of a fleet. */
const TITLE = /^edgetwin-device ([a-z0-9-]+)(?:\.\.[a-z0-9-]+)?\s*$/;
const ASK_MS = 2_000;

/** A process of an agent on this machine. */
export interface AgentProcess {
  readonly pid: number;
  readonly vehicle: string;
  readonly isFleet: boolean;
}

/** The agents that run on this machine, by their titles; none where there is no /proc. */
export async function agentProcesses(proc = '/proc'): Promise<AgentProcess[]> {
  const names = await readdir(proc).catch(() => []);
  const found: AgentProcess[] = [];
  for (const name of names.filter(entry => /^\d+$/.test(entry))) {
    // Processes come and go, and some are not ours to see.
    const title = await readFile(join(proc, name, 'cmdline'), 'latin1').catch(() => '');
    const [, vehicle] = TITLE.exec(title.replaceAll('\0', ' ')) ?? [];
    if (vehicle !== undefined) found.push({ pid: Number(name), vehicle, isFleet: title.includes('..') });
  }
  return found;
}

export interface AgentProbe {
  readonly vehicle: string | undefined;
  /** Where it answers, by the settings. */
  readonly listen: { readonly address: string; readonly port: number } | undefined;
  readonly processes: () => Promise<readonly AgentProcess[]>;
}

/** Whether an agent of this vehicle runs here, and what it tells of itself. */
export async function probeAgent({ vehicle, listen, processes }: AgentProbe, signal: AbortSignal): Promise<AgentSeen> {
  const all = await processes();
  const mine = all.find(one => one.vehicle === vehicle) ?? all.find(one => one.isFleet || vehicle === undefined);
  if (listen !== undefined && listen.port !== 0) {
    await using http = new HttpClient(`http://${inUrl(reachable(listen.address))}:${listen.port}`, { connections: 1 });
    try {
      const { agents } = await http.call('GET', '/v1/status', { answer: statuses, timeoutMs: ASK_MS, signal });
      const status = agents.find(agent => vehicle === undefined || agent.vehicle === vehicle);
      if (status !== undefined) return { at: 'told', ...(mine === undefined ? {} : { pid: mine.pid }), status };
    } catch (error) {
      signal.throwIfAborted();
      // Nobody listens there, or somebody else does; its process says whether there is an agent at all.
      if (!(error instanceof EdgetwinError)) throw error;
    }
  }
  if (mine === undefined) return { at: 'off' };
  return { at: 'mute', pid: mine.pid, why: listen === undefined ? 'no-listen' : 'no-answer' };
}

/** Who listens on every address is asked on loopback. */
const reachable = (address: string): string =>
  address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
