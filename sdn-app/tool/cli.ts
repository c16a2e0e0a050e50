import { CONFIG_INVALID, EdgetwinError, codeOf } from '../../common/errors.js';
import { configHelp, loadConfig } from '../../common/config.js';
import { readHost } from '../../common/read-checksum-offload.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import {
  moveList,
  standingAnswer,
  traceAnswer,
  vehicleFlows,
  vehicleFlowsList,
  type StandingAnswer,
  type SwitchCheck,
  type VehicleFlows,
} from '../../protocol/api/sdn-app.js';
import { pages } from '../../protocol/api/pages.js';
import { fault } from '../../protocol/errors.js';
import { askHosts, hasErrors, hostText, hostsText } from './host-text.js';
import { SETTINGS, type ToolConfig } from './settings.js';
import { checkText, flowsText, movesText, traceText, vehiclesText } from './views.js';
import { checkBlocks, checked, wholeCheck } from './whole-check.js';

export const help = `usage: edgetwin sdn <what> [--flag value …]

  flows                what the switches hold, with counters (--vehicle: of one)
  vehicles [VEHICLE]   where each vehicle is, its twin, what is armed, its last move; of one, with counters
  moves                the last moves: detector, way, times of the phases (--vehicle, --limit)
  check                whether every switch holds what it should, what was dropped why, and the checksums of each vMD host;
                       --host: those of this machine
  trace VEHICLE        where a frame of the vehicle goes, flow by flow, and where its answer goes (--from)

Exit code: 0 all is well, 1 check found something or the sdn-app cannot answer, 2 the words are wrong.

${configHelp(SETTINGS)}
`;

interface Asked {
  readonly config: ToolConfig;
  readonly http: HttpClient;
  readonly standing: StandingAnswer;
  readonly vehicle: string | undefined;
}

interface Shown {
  /** For --json. */
  readonly data: unknown;
  readonly text: string;
  readonly wrong?: boolean;
}

const vehicleWanted = (what: string, { vehicle }: Asked): string => {
  if (vehicle !== undefined) return vehicle;
  throw new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, `${what} needs a vehicle: edgetwin sdn ${what} car-1`);
};

const VERBS: Readonly<Record<string, (asked: Asked) => Promise<Shown>>> = {
  async flows({ http, config, vehicle = config.vehicle }) {
    if (vehicle !== undefined) {
      const { number } = await http.call('GET', `/v1/vehicles/${encodeURIComponent(vehicle)}`, {
        answer: vehicleFlows,
      });
      const { flows } = await checked(http, `?vehicle=${encodeURIComponent(vehicle)}`);
      return { data: flows, text: flowsText(flows, new Map([[number, vehicle]])) };
    }
    const names = new Map((await everyVehicle(http)).map(row => [row.number, row.vehicle]));
    const data: SwitchCheck['flows'] = [];
    for await (const { flows } of checkBlocks(http, 'flows')) for (const flow of flows) data.push(flow);
    return { data, text: flowsText(data, names) };
  },
  async vehicles({ http, vehicle }) {
    const vehicles = vehicle === undefined ? await everyVehicle(http) : [await oneVehicle(http, vehicle)];
    return { data: vehicles, text: vehiclesText(vehicles) };
  },
  async moves({ http, config, vehicle = config.vehicle }) {
    const only = vehicle === undefined ? '' : `&vehicle=${encodeURIComponent(vehicle)}`;
    const { moves } = await http.call('GET', `/v1/moves?limit=${config.limit}${only}`, { answer: moveList });
    return { data: moves, text: movesText(moves) };
  },
  async check({ http, standing }) {
    let check: SwitchCheck | undefined;
    for await (const block of checkBlocks(http, 'counts'))
      check = check === undefined ? block : wholeCheck(check, block);
    if (check === undefined) throw fault('UPSTREAM_REFUSED', `${http.url} has checked nothing`);
    const wrong = check.missing + check.foreign > 0 || check.switches.some(({ state }) => state !== 'read');
    const hosts = await askHosts(await everyVehicle(http));
    const { flows: _flows, ...data } = check;
    return {
      data: { ...data, standing, hosts },
      text: `${checkText(check, standing)}\n\n${hostsText(hosts)}`,
      wrong: wrong || hosts.some(({ found }) => hasErrors(found)),
    };
  },
  async trace(asked) {
    const vehicle = encodeURIComponent(vehicleWanted('trace', asked));
    const path = `/v1/trace/${vehicle}?from=${asked.config.from}`;
    const data = await asked.http.call('GET', path, { answer: traceAnswer });
    return { data, text: traceText(data) };
  },
};

async function everyVehicle(http: HttpClient): Promise<VehicleFlows[]> {
  const all: VehicleFlows[] = [];
  for await (const { vehicles } of pages(query =>
    http.call('GET', `/v1/vehicles${query}`, { answer: vehicleFlowsList }),
  ))
    for (const vehicle of vehicles) all.push(vehicle);
  return all;
}

const oneVehicle = (http: HttpClient, vehicle: string): Promise<VehicleFlows> =>
  http.call('GET', `/v1/vehicles/${encodeURIComponent(vehicle)}?counters=true`, { answer: vehicleFlows });

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [what = '', ...words] = argv;
  const verb = Object.hasOwn(VERBS, what) ? VERBS[what] : undefined;
  if (verb === undefined) {
    const wrong = what === '' ? 'it needs to know what' : `'${what}' is none of ${Object.keys(VERBS).join(', ')}`;
    process.stderr.write(`edgetwin sdn: ${wrong}\n\n${help}`);
    return 2;
  }
  const [first] = words;
  const vehicle = first === undefined || first.startsWith('--') ? undefined : first;
  if (what === 'check' && vehicle !== undefined)
    throw new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, `check is of all vehicles: '${vehicle}' is too much`);
  const config = loadConfig(SETTINGS, { argv: vehicle === undefined ? words : words.slice(1), env });
  const shown = what === 'check' && config.host ? await checkHost() : await ask(verb, config, vehicle);
  process.stdout.write(`${config.json ? JSON.stringify(shown.data, undefined, 1) : shown.text}\n`);
  return shown.wrong === true ? 1 : 0;
}

async function checkHost(): Promise<Shown> {
  const found = await readHost();
  const wrong = found.checksumErrors !== 'unknown' && found.checksumErrors > 0;
  return { data: found, text: hostText(found), wrong };
}

async function ask(verb: (asked: Asked) => Promise<Shown>, config: ToolConfig, vehicle?: string): Promise<Shown> {
  await using asked = new HttpClient(config.sdn);
  const standing = await standingOf(asked);
  const active = standing.active?.url;
  if (standing.at === 'active' || active === undefined) return await verb({ config, http: asked, standing, vehicle });
  await using http = new HttpClient(active);
  return await verb({ config, http, standing: await standingOf(http), vehicle });
}

async function standingOf(http: HttpClient): Promise<StandingAnswer> {
  try {
    return await http.call('GET', '/v1/standing', { answer: standingAnswer });
  } catch (error) {
    if (codeOf(error) !== 'UPSTREAM_AWAY') throw error;
    throw fault('UPSTREAM_AWAY', `no sdn-app answers at ${http.url} (--sdn URL)`, { cause: error });
  }
}
