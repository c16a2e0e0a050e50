import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../../common/clock.js';
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
import { onboard } from '../onboard.js';
import { buildPackage, type Model } from '../packages/build.js';
import { faultsOfPackage } from '../packages/validate.js';
import { VXFS, nsdOf, vnfdOf, vxfOf, type Vxf } from '../packages/vxf.js';
import { openNorthbound } from '../open.js';
import { OSM_SETTINGS } from '../settings.js';

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

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const verb = [argv.slice(0, 2).join(' '), argv[0] ?? ''].find(words => words in VERBS);
  if (verb === undefined)
    throw fault('CONFIG_INVALID', `edgetwin mano ${argv.slice(0, 2).join(' ')} is no command; see --help`);
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
