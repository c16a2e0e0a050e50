import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { delay } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import { Resources, aborted } from '../../common/lifecycle.js';
import { fault } from '../../protocol/errors.js';
import { openOpenVSwitch } from '../open-vswitch/open-vswitch.js';
import { labMissing, namespacePath } from './namespaces.js';
import { openNetwork, type Network } from './network.js';
import { readNetnsSpec } from './spec.js';
import { follow, ordersText } from './steering.js';
import { liveRuns } from './sweep.js';

export const help = `usage: edgetwin lab netns up FILE
       edgetwin lab netns list
       edgetwin lab netns exec FOLDER PLACE PROGRAM [ARGUMENT …]
       edgetwin lab netns down FOLDER

up     builds the network that a YAML or JSON file describes, out of network namespaces, with an Open vSwitch for each of its
       switches, and prints its folder; it stays until Ctrl-C or \`down\`, and then leaves nothing. Several can be up at once.
       Lines on standard input steer it:
         ${ordersText('\n         ')}
list   shows what is up
exec   runs a program in a place of a network: a car, router, host, service, or sw-1

Needs root, Open vSwitch, ethtool and Python 3: see lab/real/install.sh.
`;

type Words = readonly string[];
const COMMANDS: Readonly<Record<string, (words: Words, signal: AbortSignal) => Promise<number>>> = {
  up,
  list: () => Promise.resolve(list()),
  exec,
  down,
};

export async function run(argv: Words, _env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const [name = '', ...words] = argv;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined)
    throw fault(
      'CONFIG_INVALID',
      `'${name}' is none of ${Object.keys(COMMANDS).join(', ')}; see edgetwin lab netns --help`,
    );
  return command(words, signal);
}

async function up(words: Words, signal: AbortSignal): Promise<number> {
  const [file] = words;
  if (file === undefined || words.length > 1) throw fault('CONFIG_INVALID', 'up takes one file');
  const missing = labMissing();
  if (missing !== undefined) throw fault('CONFIG_INVALID', missing);
  process.title = 'edgetwin-lab-netns';
  await using resources = new Resources();
  const network = resources.use(await openNetwork(readNetnsSpec(file)));
  for (const { datapath } of network.plan.switches) resources.use(await openOpenVSwitch(network, datapath));
  process.stdout.write(`${tableOf(network)}\nready ${network.folder}\n`);
  createInterface({ input: process.stdin }).on('line', line => {
    follow(network, line).then(
      answer => process.stdout.write(`${answer}\n`),
      (error: unknown) => process.stdout.write(`${messageOf(error)}\n`),
    );
  });
  await aborted(signal);
  return 0;
}

function tableOf({ plan }: Network): string {
  const rows = [
    ...plan.switches.map(one => [one.place, one.controlAddress, `OpenFlow at ${one.controlAddress}`]),
    ...plan.stations.map(one => [one.name, one.address, `${one.mac} control ${one.controlAddress}`]),
    ...plan.mobiles.map(one => [one.name, one.addresses[0] ?? '', `${one.mac} at ${one.at}`]),
  ];
  return rows
    .map(([place = '', address = '', more = '']) => `${place.padEnd(20)} ${address.padEnd(16)} ${more}`)
    .join('\n');
}

function list(): number {
  for (const { owner, folder } of liveRuns()) process.stdout.write(`${folder} of process ${owner}\n`);
  return 0;
}

async function exec(words: Words, signal: AbortSignal): Promise<number> {
  const [folder = '', place = '', ...program] = words;
  if (program.length === 0) throw fault('CONFIG_INVALID', 'exec takes a folder, a place and a program');
  runOf(folder);
  const child = spawn('nsenter', [`--net=${namespacePath(folder, place)}`, '--', ...program], { stdio: 'inherit' });
  signal.addEventListener('abort', () => child.kill());
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

async function down(words: Words): Promise<number> {
  const [folder = ''] = words;
  const { owner } = runOf(folder);
  process.kill(owner, 'SIGTERM');
  while (liveRuns().some(one => one.folder === folder)) await delay(20);
  return 0;
}

function runOf(folder: string): { readonly owner: number } {
  const found = liveRuns().find(one => one.folder === folder);
  if (found === undefined)
    throw fault('CONFIG_INVALID', `no network is up in '${folder}': see edgetwin lab netns list`);
  return found;
}
