import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../../common/clock.js';
import {
  boolean,
  configHelp,
  loadConfig,
  oneOf,
  text,
  type ConfigOf,
  type Settings,
} from '../../../../common/config.js';
import { fault } from '../../../../protocol/errors.js';
import type { Northbound } from '../northbound.js';
import { onboard } from '../onboard.js';
import { buildPackage, type Model } from '../packages/build.js';
import { faultsOfPackage } from '../packages/validate.js';
import { VXFS, nsdOf, scaleGroupOf, vduOf, vnfdOf, vxfOf, type Vxf } from '../packages/vxf.js';
import { openNorthbound } from '../open.js';
import { OSM_SETTINGS } from '../settings.js';
import { Settling } from '../settle.js';

const SETTINGS = {
  ...OSM_SETTINGS,
  dir: { parse: text, default: 'packages', help: 'build: folder for the packages' },
  model: {
    parse: oneOf('sol006', 'native', 'both'),
    default: 'both',
    help: 'build: for releases from 9 on, for those up to 8, or both',
  },
  replace: { parse: boolean, default: 'false', help: 'onboard: replace packages that are there already' },
  json: { parse: boolean, default: 'false', help: 'print the outcome as JSON' },
} as const satisfies Settings;

export const help = `usage: edgetwin mano packages build    [FUNCTION …] [--dir DIR] [--model MODEL]
       edgetwin mano packages validate [FILE …]        files, or all packages as they would be built
       edgetwin mano packages onboard  [FUNCTION …] --osm-url URL --osm-password-file FILE
       edgetwin mano services          --osm-url URL … what the orchestrator runs, and its VIM accounts
       edgetwin mano services scale SERVICE out|in …   one machine more or less of a service that can
       edgetwin mano services heal SERVICE …           its machines are made anew (releases from 12 on)

functions: ${VXFS.map(({ name }) => name).join(', ')} (none named: all of them)

Exit code: 0 done, 1 a package is faulty or the orchestrator refused, 2 the words are wrong.

${configHelp(SETTINGS)}
`;

type ToolConfig = ConfigOf<typeof SETTINGS>;
interface Outcome {
  readonly result: unknown;
  readonly lines: readonly string[];
  readonly ok?: boolean;
}
type Verb = (names: readonly string[], config: ToolConfig) => Promise<Outcome>;

/** As long as osmclient waits. */
const OPERATION_MS = 3_600_000;
const KINDS = ['vnf', 'ns'] as const;
const MODELS: Readonly<Record<ToolConfig['model'], readonly Model[]>> = {
  sol006: ['sol006'],
  native: ['native'],
  both: ['sol006', 'native'],
};

const VERBS: Readonly<Record<string, Verb>> = {
  async 'packages build'(names, config) {
    const built = await Promise.all(functionsOf(names).flatMap(vxf => filesOf(vxf, MODELS[config.model])));
    for (const { folder, name, bytes } of built) {
      await mkdir(join(config.dir, folder), { recursive: true });
      await writeFile(join(config.dir, folder, name), bytes);
    }
    const result = built.map(({ folder, name, md5 }) => ({ file: join(config.dir, folder, name), md5 }));
    return { result, lines: result.map(({ file, md5 }) => `${md5}  ${file}`) };
  },
  async 'packages validate'(files) {
    const packages =
      files.length > 0
        ? await Promise.all(files.map(async file => ({ where: file, bytes: await readPackage(file) })))
        : (await Promise.all(VXFS.flatMap(vxf => filesOf(vxf, MODELS.both)))).map(({ folder, name, bytes }) => ({
            where: join(folder, name),
            bytes,
          }));
    const result = await Promise.all(
      packages.map(async ({ where, bytes }) => ({ file: where, faults: await faultsOfPackage(bytes) })),
    );
    const lines = result.flatMap(({ file, faults }) =>
      faults.length === 0 ? [`${file}  ok`] : faults.map(fault => `${file}  ${fault}`),
    );
    return { result, lines, ok: result.every(({ faults }) => faults.length === 0) };
  },
  async 'packages onboard'(names, config) {
    const functions = functionsOf(names);
    await using open = await openNorthbound(config, systemClock);
    const result = [];
    for (const vxf of functions)
      result.push({ function: vxf.name, ...(await onboard(open.northbound, vxf, { replace: config.replace })) });
    const lines = result.map(
      ({ function: name, nsdId, model, uploaded }) =>
        `${name}  ${nsdId}  ${model}  ${uploaded.length === 0 ? 'was there' : `uploaded ${uploaded.join(', ')}`}`,
    );
    return { result, lines };
  },
  async 'services scale'([name, direction], config) {
    if (direction !== 'out' && direction !== 'in') throw fault('CONFIG_INVALID', 'the direction is out or in');
    await using open = await openNorthbound(config, systemClock);
    const { nsId, vxf } = await serviceNamed(open.northbound, name);
    if (vxf.scaleOut === 0) throw fault('MANO_REFUSED', `${vxf.name} cannot be scaled`);
    const steps = direction === 'out' ? 'SCALE_OUT' : 'SCALE_IN';
    return await ended(open.northbound, await open.northbound.scale(nsId, scaleGroupOf(vxf), steps));
  },
  async 'services heal'([name], config) {
    await using open = await openNorthbound(config, systemClock);
    const { northbound } = open;
    const { nsId, vxf } = await serviceNamed(northbound, name);
    const [vnfId] = await northbound.functionsOf(nsId);
    if (vnfId === undefined) throw fault('MANO_REFUSED', `${name} has no function`);
    return await ended(northbound, await northbound.heal(nsId, vnfId, vduOf(vxf), 'by hand'));
  },
  async services(_, config) {
    await using open = await openNorthbound(config, systemClock);
    const [vims, services] = await Promise.all([open.northbound.vims(), open.northbound.list()]);
    const lines = [
      ...vims.map(({ name, state, detail }) => `vim      ${name}  ${state}  ${detail}`.trimEnd()),
      ...services.map(({ name, id, ready, failed, detail }) =>
        `service  ${name}  ${id}  ${ready ? 'ready' : failed ? 'failed' : 'under way'}  ${detail}`.trimEnd(),
      ),
    ];
    return { result: { vims, services }, lines };
  },
};

/** The service of a name, with the package that it is of. */
async function serviceNamed(northbound: Northbound, name: string | undefined): Promise<{ nsId: string; vxf: Vxf }> {
  if (name === undefined) throw fault('CONFIG_INVALID', 'a SERVICE must be named');
  const found = (await northbound.list()).find(one => one.name === name || one.id === name);
  if (found === undefined) throw fault('NOT_FOUND', `service ${name}`);
  const vxf = VXFS.find(one => nsdOf(one) === found.nsd);
  if (vxf === undefined)
    throw fault('MANO_REFUSED', `${name} is of ${found.nsd ?? 'no package'}, which is none of ours`);
  // A second machine of the same order would take itself for the first one; pools grow by hosts of their own.
  if (vxf.name === 'vmd')
    throw fault('MANO_REFUSED', `${name} is a vMD host: md-manager replaces those, and adds others`);
  return { nsId: found.id, vxf };
}

/** Until it has ended; its words, where it failed. */
async function ended(northbound: Northbound, id: string): Promise<Outcome> {
  const settling = new Settling({
    read: (operation, signal) => northbound.operation(operation, signal),
    ...{ clock: systemClock, timers: systemTimers },
  });
  const result = await settling.final(id, { deadlineMs: OPERATION_MS });
  const { kind, state, detail } = result;
  return { result, lines: [`${kind}  ${state}  ${detail}`.trimEnd()], ok: result.outcome === 'done' };
}

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const verb = [argv.slice(0, 2).join(' '), argv[0] ?? ''].find(words => Object.hasOwn(VERBS, words));
  if (verb === undefined)
    throw fault(
      'CONFIG_INVALID',
      `'${argv.slice(0, 2).join(' ')}' is none of ${Object.keys(VERBS).join(', ')}; see edgetwin mano --help`,
    );
  const rest = argv.slice(verb.split(' ').length);
  const firstFlag = rest.findIndex(word => word.startsWith('--'));
  const names = firstFlag < 0 ? rest : rest.slice(0, firstFlag);
  const config = loadConfig(SETTINGS, { argv: rest.slice(names.length), env });
  const outcome = await VERBS[verb]?.(names, config);
  if (outcome === undefined) return 2;
  process.stdout.write(
    config.json ? `${JSON.stringify(outcome.result, undefined, 2)}\n` : `${outcome.lines.join('\n')}\n`,
  );
  return (outcome.ok ?? true) ? 0 : 1;
}

function functionsOf(names: readonly string[]): readonly Vxf[] {
  return names.length === 0
    ? VXFS
    : names.map(name => {
        const found = vxfOf(name);
        if (found === undefined)
          throw fault('CONFIG_INVALID', `${name} is none of ${VXFS.map(vxf => vxf.name).join(', ')}`);
        return found;
      });
}

function filesOf(
  vxf: Vxf,
  models: readonly Model[],
): Promise<{ folder: string; name: string; bytes: Uint8Array; md5: string }>[] {
  return models.flatMap(model =>
    KINDS.map(async kind => ({
      folder: model,
      name: `${kind === 'vnf' ? vnfdOf(vxf) : nsdOf(vxf)}.tar.gz`,
      ...(await buildPackage(vxf, kind, model)),
    })),
  );
}

async function readPackage(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: unknown) => {
    throw fault('CONFIG_INVALID', `${file} cannot be read`, { cause });
  });
}
