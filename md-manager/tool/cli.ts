import { randomUUID } from 'node:crypto';
import { delay } from '../../common/clock.js';
import { configHelp, loadConfig } from '../../common/config.js';
import { CONFIG_INVALID, EdgetwinError, codeOf } from '../../common/errors.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import {
  handoverList,
  handoverOrdered,
  handoverRecord,
  leader,
  vehicleList,
  vehicleRecord,
  type HandoverRecord,
  type VehicleRecord,
} from '../../protocol/api/md-manager.js';
import { drainState, poolList, reconciliation, type Pool } from '../../protocol/api/pools.js';
import { pages } from '../../protocol/api/pages.js';
import { fault } from '../../protocol/errors.js';
import { SETTINGS, byWhom, type ToolConfig } from './settings.js';
import { handoverText, handoversText, poolsText, reconciliationText, vehiclesText } from './views.js';

export const help = `usage: edgetwin manager <what> [--flag value …]

  vehicles [VEHICLE]         who is the twin of whom, where its car is, and what hand-over is under way
  pools                      hosts and slots of each domain, what they cost and what they were good for; every host
  handovers                  the last hand-overs: why, by which way, how they ended (--vehicle, --limit)
  handover VEHICLE DOMAIN    orders the twin into a domain, wherever its car is, and waits for the end (--wait-s)
  drain HOST                 empties a host for maintenance: its twins move away, then it is ended; waits for that (--wait-s), and goes
                             on under whichever manager leads; --cancel keeps the host after all
  reconcile                  looks for instances and slots that somebody forgot, on both sides, and gives them back

Exit code: 0 all is well; 1 a hand-over did not come to its end, a host is not empty yet, something could not be mended, or the manager
cannot answer; 2 the words are wrong.

${configHelp(SETTINGS)}
`;

interface Asked {
  readonly config: ToolConfig;
  readonly http: HttpClient;
  readonly words: readonly string[];
  readonly signal: AbortSignal;
}

interface Shown {
  /** For --json. */
  readonly data: unknown;
  readonly text: string;
  readonly wrong?: boolean;
}

interface Verb {
  /** What must and what may follow it, for people. */
  readonly needs: readonly string[];
  readonly may?: string;
  run(asked: Asked): Promise<Shown>;
}

const ASK_EVERY_MS = 200;

const VERBS: Readonly<Record<string, Verb>> = {
  vehicles: {
    needs: [],
    may: 'VEHICLE',
    async run({ http, words: [vehicle] }) {
      const vehicles = vehicle === undefined ? await everyVehicle(http) : [await oneVehicle(http, vehicle)];
      return { data: vehicles, text: vehiclesText(vehicles) };
    },
  },
  pools: {
    needs: [],
    async run({ http }) {
      const pools = await allPools(http);
      return { data: pools, text: poolsText(pools) };
    },
  },
  handovers: {
    needs: [],
    async run({ http, config: { limit, vehicle } }) {
      const only = vehicle === undefined ? '' : `&vehicle=${encodeURIComponent(vehicle)}`;
      const { handovers } = await http.call('GET', `/v1/handovers?limit=${limit}${only}`, { answer: handoverList });
      return { data: handovers, text: handoversText(handovers) };
    },
  },
  handover: {
    needs: ['VEHICLE', 'DOMAIN'],
    async run(asked) {
      const { http, words } = asked;
      const [vehicle = '', domain = ''] = words;
      // Made here, so that a request which is made again is the same order.
      const body = { domain, handover: randomUUID() };
      const path = `/v1/vehicles/${encodeURIComponent(vehicle)}/handover`;
      const ordered = await http.call('POST', path, { body, answer: handoverOrdered });
      if (ordered.result === 'there') return { data: ordered, text: `the twin of ${vehicle} is in ${domain}` };
      if (ordered.result === 'busy')
        return {
          ...{ data: ordered, wrong: true },
          text: `another hand-over of ${vehicle} is under way, or it has no twin that serves: order again later`,
        };
      const record = await ended(asked, ordered.handover);
      if (record === undefined) return { data: ordered, text: `hand-over ${ordered.handover} has begun` };
      return { data: record, text: handoverText(record), wrong: record.result !== 'completed' };
    },
  },
  drain: {
    needs: ['HOST'],
    async run(asked) {
      const { http, config, words } = asked;
      const [host = ''] = words;
      const [domain = '', index = '', ...rest] = host.split('/');
      if (domain === '' || index === '' || rest.length > 0)
        throw wrongWords(`'${host}' is no host: they are named like edge-1/2 (edgetwin manager pools)`);
      const path = `/v1/hosts/${encodeURIComponent(domain)}/${encodeURIComponent(index)}/drain`;
      if (config.cancel) {
        const kept = await http.call('DELETE', path, { answer: drainState });
        return { data: kept, text: `${host} is kept; ${kept.held} of its slots are held` };
      }
      const begun = await http.call('POST', path, { answer: drainState });
      const end = await patiently(asked, async () => {
        const left = (await allPools(http)).flatMap(({ hosts }) => hosts).find(row => row.host.host === host);
        return left === undefined ? { gone: true as const } : { gone: false as const, left };
      });
      if (end?.gone === true) return { data: { host, held: 0, gone: true }, text: `${host} is empty, and ended` };
      const held = end?.left.slots.filter(({ state }) => state !== 'going').length ?? begun.held;
      const waited = config.waitS === 0 ? '' : ' still: they find no place elsewhere, or not yet';
      const text = `${host} is given to nobody any more; ${held} of its slots are held${waited}`;
      return { data: { host, held, gone: false }, text, wrong: config.waitS > 0 };
    },
  },
  reconcile: {
    needs: [],
    async run({ http }) {
      const found = await http.call('POST', '/v1/reconcile', { answer: reconciliation, timeoutMs: 60_000 });
      const wrong = found.silent.length > 0 || found.findings.some(({ did }) => did === 'failed');
      return { data: found, text: reconciliationText(found), wrong };
    },
  },
};

const wrongWords = (why: string): EdgetwinError => new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, why);

async function everyVehicle(http: HttpClient): Promise<VehicleRecord[]> {
  const all: VehicleRecord[] = [];
  for await (const { vehicles } of pages(query => http.call('GET', `/v1/vehicles${query}`, { answer: vehicleList })))
    for (const vehicle of vehicles) all.push(vehicle);
  return all;
}

const oneVehicle = (http: HttpClient, vehicle: string): Promise<VehicleRecord> =>
  http.call('GET', `/v1/vehicles/${encodeURIComponent(vehicle)}`, { answer: vehicleRecord });

const allPools = async (http: HttpClient): Promise<Pool[]> =>
  (await http.call('GET', '/v1/pools', { answer: poolList })).pools;

/** The hand-over once it has ended, or as it is when the time is up; `undefined` where nobody waits. */
const ended = async (asked: Asked, id: string): Promise<HandoverRecord | undefined> => {
  const found = await patiently(asked, async () => {
    const record = await asked.http.call('GET', `/v1/handovers/${id}`, { answer: handoverRecord });
    return { gone: record.result !== 'running', record };
  });
  return found?.record;
};

/** Asks until it is over or the time is up; the last answer. A manager that is away for a moment is asked again. */
async function patiently<A extends { readonly gone: boolean }>(
  { config: { waitS }, signal }: Asked,
  ask: () => Promise<A>,
): Promise<A | undefined> {
  const untilMs = performance.now() + waitS * 1_000;
  let last: A | undefined;
  while (performance.now() < untilMs) {
    last = await ask().catch((error: unknown) => {
      if (error instanceof EdgetwinError && error.retry) return last;
      throw error;
    });
    if (last?.gone === true) return last;
    await delay(ASK_EVERY_MS, signal);
  }
  return last;
}

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const [what = '', ...rest] = argv;
  const verb = Object.hasOwn(VERBS, what) ? VERBS[what] : undefined;
  if (verb === undefined) {
    const wrong = what === '' ? 'it needs to know what' : `'${what}' is none of ${Object.keys(VERBS).join(', ')}`;
    process.stderr.write(`edgetwin manager: ${wrong}\n\n${help}`);
    return 2;
  }
  const flagsFrom = rest.findIndex(word => word.startsWith('--'));
  const words = flagsFrom < 0 ? rest : rest.slice(0, flagsFrom);
  const most = verb.needs.length + (verb.may === undefined ? 0 : 1);
  if (words.length < verb.needs.length || words.length > most) {
    const usage = [...verb.needs, ...(verb.may === undefined ? [] : [`[${verb.may}]`])].join(' ');
    throw wrongWords(`edgetwin manager ${what} takes ${usage === '' ? 'no words' : usage}, not '${words.join(' ')}'`);
  }
  const config = loadConfig(SETTINGS, { argv: rest.slice(words.length), env });
  await using http = await leading(config.manager);
  const shown = await verb.run({ config, http, words, signal });
  process.stdout.write(`${config.json ? JSON.stringify(shown.data, undefined, 1) : shown.text}\n`);
  return shown.wrong === true ? 1 : 0;
}

/** The manager that leads, by the word of the one at `url`. */
async function leading(url: string): Promise<HttpClient> {
  const headers = { 'x-edgetwin-by': byWhom() };
  const asked = new HttpClient(url, { headers });
  const found = await asked.call('GET', '/v1/leader', { answer: leader }).catch(async (error: unknown) => {
    await asked[Symbol.asyncDispose]();
    if (codeOf(error) !== 'UPSTREAM_AWAY') throw error;
    throw fault('UPSTREAM_AWAY', `no md-manager answers at ${url} (--manager URL)`, { cause: error });
  });
  if (new URL(found.url).href === new URL(url).href) return asked;
  await asked[Symbol.asyncDispose]();
  return new HttpClient(found.url, { headers });
}
