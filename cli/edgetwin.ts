#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runMain } from '../common/main.js';
import { packageRoot } from '../common/package-root.js';
import { readWords } from './words.js';

interface Command {
  readonly help: string;
  run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number>;
}

/** What `edgetwin <name>` loads: only the part that is asked for. */
const COMMANDS: Readonly<Record<string, { readonly say: string; load(): Promise<Command> }>> = {
  device: { say: 'the agent in the car', load: () => import('../device/cli.js') },
  doctor: {
    say: 'what is wrong with adapter, receiver, clock, outbox or network of a car',
    load: () => import('../device/doctor/cli.js'),
  },
  vmd: { say: 'a host of twins (virtual mobile devices)', load: () => import('../vmd/cli.js') },
  'md-manager': { say: 'registration, pools and hand-overs', load: () => import('../md-manager/cli.js') },
  manager: {
    say: 'what md-manager knows, and what is ordered of it: vehicles, pools, hand-overs, drain, reconcile',
    load: () => import('../md-manager/tool/cli.js'),
  },
  'sdn-app': { say: 'follows cars in the switch and moves their flows', load: () => import('../sdn-app/cli.js') },
  mano: {
    say: 'packages for Open Source MANO, and what it runs',
    load: () => import('../md-manager/mano/osm/tool/cli.js'),
  },
  ryu: { say: 'Ryu with our app, between sdn-app and its switches', load: () => import('../sdn-app/ryu/cli.js') },
  sdn: {
    say: 'what sdn-app and its switches know: flows, vehicles, moves, check, trace',
    load: () => import('../sdn-app/tool/cli.js'),
  },
  analytics: { say: 'current and past values, and the fleet page', load: () => import('../analytics/cli.js') },
  dashboards: {
    say: 'dashboards for Grafana, with rules and targets for Prometheus',
    load: () => import('../dashboards/cli.js'),
  },
  store: {
    say: 'the schema, state and repair of the Cassandra cluster',
    load: () => import('../store/cassandra/admin/cli.js'),
  },
  audit: {
    say: 'checks that nothing was lost and nothing is stored twice',
    load: () => import('../store/audit/cli.js'),
  },
  demo: { say: 'the whole system with a recorded drive, on this machine', load: () => import('../lab/demo/cli.js') },
  'lab switch': { say: 'a soft switch', load: () => import('../lab/soft-switch/cli.js') },
  'lab radio': { say: 'access points and the mobile routers of all cars', load: () => import('../lab/radio/cli.js') },
  'lab cars': { say: 'cars: an ELM327 adapter and a gpsd each', load: () => import('../lab/cars/cli.js') },
  'lab netns': { say: 'a network of namespaces with Open vSwitch', load: () => import('../lab/netns/cli.js') },
  'lab cassandra': {
    say: 'a real Cassandra cluster, a datacentre for each domain',
    load: () => import('../lab/cassandra/cli.js'),
  },
  'lab nbi': {
    say: 'a stand-in for the northbound interface of Open Source MANO',
    load: () => import('../lab/nbi/cli.js'),
  },
  'lab triggers': {
    say: 'stand-ins for core networks and MEC platforms that tell where vehicles go',
    load: () => import('../lab/triggers/cli.js'),
  },
  'lab replicator': {
    say: 'copies between the domains’ embedded stores',
    load: () => import('../lab/replicator/cli.js'),
  },
};

const asked = readWords(process.argv.slice(2), Object.keys(COMMANDS));

await runMain(async signal => {
  switch (asked.is) {
    case 'usage':
      process.stdout.write(usage(COMMANDS));
      return 0;
    case 'version':
      process.stdout.write(`edgetwin ${await version()}\n`);
      return 0;
    case 'unknown':
      process.stderr.write(`edgetwin: '${asked.words}' is no command\n\n${usage(only(asked.near))}`);
      return 2;
    case 'help':
    case 'run': {
      const command = await COMMANDS[asked.command]?.load();
      if (command === undefined) return 2;
      if (asked.is === 'run') return command.run(asked.rest, process.env, signal);
      process.stdout.write(command.help.endsWith('\n') ? command.help : `${command.help}\n`);
      return 0;
    }
  }
});

function usage(commands: typeof COMMANDS): string {
  const rows = Object.entries(commands).map(([name, { say }]) => `  ${name.padEnd(16)} ${say}`);
  return `usage: edgetwin <command> [--flag value …]\n\n${rows.join('\n')}\n\nedgetwin <command> --help lists its settings.\n`;
}

function only(names: readonly string[]): typeof COMMANDS {
  return Object.fromEntries(Object.entries(COMMANDS).filter(([name]) => names.includes(name)));
}

async function version(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(packageRoot(), 'package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '';
}
