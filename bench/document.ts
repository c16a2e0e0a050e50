import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../common/package-root.js';
import type { BenchRow, Machine } from './harness.js';
import { CASE_PREFIX } from './network/row-case.js';
import { pivot, shown, type Column } from './pivot.js';

/** Cases that begin so are shown one a line. */
interface Pivot {
  readonly begins: string;
  readonly columns: readonly Column[];
}

/** What each benchmark measures, what it must be read with, and the goal that it is on the way to. */
const BENCHES: readonly (Section & { readonly name: string })[] = [
  {
    name: 'handover',
    title: 'Hand-over',
    say: `Open vSwitch and Ryu: three cars, each in a network namespace of its own, send 1,000 numbered datagrams a second to their twin addresses (CoAP pings, which a vMD host answers with a reset of the same number; beside them five reports a second) and change between the access points of two domains, again and again, each once its last hand-over has ended. tcpdump takes the kernel's time stamps, of one clock, at the devices of cars and of hosts. \`new port → old twin\` and \`→ new twin\` are from the first frame out of the car's new device to the first of its frames there; the gap of the way back is from the last answer by the old device to the first by the new one, and contains the millisecond between two datagrams; misled is an answer to a frame of the new device that came by the old one; the control sum is what the paper counts, packet-in to confirmed flow, of both legs. An armed move has no legs: nobody is asked. \`paper\` is MIGRATE's way as a reactive Ryu app, with hosts that do nothing but answer: the back-up route and the swap wait for the controller, which has its decision at hand. Dwell is 0.1 s and grace 0.3 s, so that a row takes a minute or two; neither is on the path of a move. Goals: armed 0.3 ms median and 1.0 ms p99, ticket 2.0 and 5, manager 4, control sum 1.0; none lost. The paper: 1.543 ms for the back-up route and 0.785 ms for the swap, one car, a hardware switch, means of an unstated number of moves.

The soft switch: cars change to an access point of the other domain all at once, again and again. Phases are those of the ledger, in milliseconds from \`detected\`; \`completed\` contains the two seconds of silence for which the old twin drains, so it is no delay that a car or reader sees.`,
    pivot: {
      begins: CASE_PREFIX,
      columns: [
        { title: 'moves', metric: 'gap of the way back', show: ['n'] },
        { title: 'new port → old twin, ms: median / p99', metric: 'new port → old twin', show: ['median', 'p99'] },
        {
          title: 'new port → new twin, ms: median / p95 / p99 / max',
          metric: 'new port → new twin',
          show: ['median', 'p95', 'p99', 'max'],
        },
        { title: 'gap of the way back, ms: median / p99', metric: 'gap of the way back', show: ['median', 'p99'] },
        { title: 'control sum, ms: median / p99', metric: 'control sum', show: ['median', 'p99'] },
        { title: 'misled', metric: 'answers misled', show: ['n'] },
        { title: 'frames', metric: 'frames sent', show: ['n'] },
        { title: 'lost', metric: 'frames lost', show: ['n'] },
        { title: 'doubled', metric: 'frames doubled', show: ['n'] },
        { title: 'reordered', metric: 'frames reordered', show: ['n'] },
        { title: 'not answered', metric: 'frames not answered', show: ['n'] },
        { title: 'answers lost', metric: 'answers lost', show: ['n'] },
        { title: 'by another way', metric: 'hand-overs by another way', show: ['n'] },
        { title: 'checksum errors', metric: 'UDP checksum errors', show: ['n'] },
      ],
    },
  },
  {
    name: 'analytics',
    title: 'Analytics',
    say: 'Reads by the three levels over HTTP, each reader with one question outstanding, of twins and cars that answer at once, so that analytics’ own part is seen; then of the cars of a whole edgetwin, whose ELM327 takes 20 ms for an answer; listeners of the live stream, each by a connection of its own, in a process beside analytics; a day of one car (86,400 reports, from lmdb) as a chart of 1,000 points, and downloaded, with the memory of the process that sends it. Goal: the chart within 50 ms.',
  },
  {
    name: 'page',
    title: 'The fleet page',
    say: 'Headless Chromium without a graphics processor, 1,440 by 900, while every car of the fleet reports once a second; analytics, store and browser share the machine. Opened means asked for, with an empty cache, until the list of cars and the selected car on the map are drawn; for each load a page of its own. Between two frames is what the browser’s animation frames tell over 30 s: 16.7 ms is every frame of a 60 Hz screen. Goal: no stutter at 1,000 cars.',
  },
  {
    name: 'storm',
    title: 'Storm',
    say: 'Cars at two reports a second change to an access point of the other domain, all within one second, on Open vSwitch and Ryu. They are addresses of one network namespace, moved one after the other; each resends what is not acknowledged. Settings are the defaults, with slots enough for all. `new port → new twin` is by the kernel, of each car: from its first frame out of the new device to its first at the new host. The last at its new twin counts from the first move, so it contains the second of the storm and the half second until the last car has something to report. Lost: made, and not in the store of the core. Goal: all handed over, none lost. Nobody publishes such a figure.',
  },
  {
    name: 'table-size',
    title: 'Size of the table',
    say: 'One Open vSwitch with the flows of so many vehicles, installed by sdn-app through Ryu at the word of a manager that does nothing else, 64 orders under way. Then one car of them changes its port every 0.3 s, at 1,000 numbered datagrams a second as in the table of hand-overs; what its moves take is beside the size of the table. Then sdn-app is killed: from `ready` of the next one until the switch is reconciled, and until it has every vehicle from the manager.',
  },
  {
    name: 'pool',
    title: 'Policies of the pool (simulated)',
    say: 'A simulated day of 10,000 cars with peaks in the morning and in the evening, on a ring of eight domains, three to seven domains a trip, six minutes each on average; a slot takes 41.7 s to get ready (the paper’s virtual machine) and is kept for a minute when it is not needed. Sizes follow the rule that md-manager uses (docs/decisions/pool-sizing.md). With prediction a slot is held for a car 60 s before it enters; 85 % of the forecasts are right, by assumption. Nothing here was measured on a running system.',
  },
  {
    name: 'manager',
    title: 'Hand-overs of one manager, and its loss',
    say: 'The manager as it is, with its control store on this machine’s disk, between hosts and an sdn-app that answer at once (one other process): all vehicles change their domain at once, each told by its own request; a hand-over has completed when its intent and its claim are durable and the old slot is given back. Three processes share the machine: the manager, which is one thread and the writer of its store; all hosts and the sdn-app as one bare responder; and who tells of the moves. The processor time of each is beside the rate: where they have fewer processors than threads, or others use them, the rate is what the scheduler leaves, and a second of a processor divided by the manager’s time is what it could do. Then, anew, the leader is lost, a second manager standing by: killed on the same machine, where the other one sees that its process is gone; stopped, as if its machine were lost, so that its lease of 2 s has to run out. Both until the next one has read all vehicles and answers. Goals: 2,000 hand-overs a second; 3 s.',
  },
  {
    name: 'cold-start',
    title: 'From an empty pool to a ready vMD host',
    say: 'From the order to the first word of the new host, beside a bare `node -e 0` in the same run. Goal: 150 ms. The paper: 41.7 s for a virtual machine.',
  },
  {
    name: 'ingest',
    title: 'Durable ingest of one vMD host',
    say: 'Reports acknowledged per second, each after its commit is on disk; closed loop, one report outstanding per device, beside a bare dgram + coap-packet + lmdb loop in the same run, in turn. Goal: 80 % of the bare loop, and 20,000 reports a second.',
  },
  {
    name: 'store',
    title: 'Stores',
    say: `lmdb, and Cassandra 5 with a datacentre of one node for each of three domains, all on this machine: the Java machines, not the product, are what is short of processor. \`batch\` and \`group\` are how the nodes sync their commit logs; \`periodic\` is never acknowledged under. Throughput: a closed loop, one report outstanding per device, each acknowledged when it is on disk in its domain; \`vMD host\` over UDP (a 2.04 for each), \`store\` its TwinStore alone, \`bare insert\` the driver with a prepared insert of the same row and nothing else, in turn. Goal: 80 % of the bare insert. Replication: from the acknowledgement in one domain until another’s own node shows the row, asked without a pause. Claims: a compare-and-set at SERIAL over all three domains, alone, and three at once of one epoch, of which one may win. A day of one car is one report a second, 86,400, as the agent made them from a drive. Bytes on disk are those of one replica after a flush, tables of the keyspace’s own settings; goal: below twice the CBOR report. Convergence: all domains store 20 reports a second, also the one that is cut off; hints bring what is missing, each node sends its own every ten seconds.`,
  },
  {
    name: 'device',
    title: 'The agent in the car',
    say: 'The process of `edgetwin device` with a recorded drive behind an ELM327 (TCP, 20 ms a request, the fast tier at 5 Hz), a gpsd, and a twin that acknowledges at once: two minutes after a warm-up of one. Resident memory by the second (`own`: without mapped files), processor time by ten seconds, as the kernel counts them. Goal: 100 MB and 5 % of one core. The machine is the one above, not a Raspberry Pi.',
  },
  {
    name: 'memory',
    title: 'Memory of a vMD host',
    say: 'Resident memory with 1 and with 1,000 twins, each with values of all signals. Goal: 20 KB per twin. The paper: 1 GB per twin.',
  },
  {
    name: 'sampling',
    title: 'Signals a second from one adapter',
    say: 'Ten signals from the lab’s ELM327 over TCP, at two turn-arounds of the car: one PID a request, as most programs poll; the same with the count of answers behind it; the agent’s own loop, asked for more than the bus can do. Goal: four times the first.',
  },
  {
    name: 'bytes',
    title: 'Bytes per report',
    say: 'A recorded drive through the whole agent in virtual time, beside the same reports as JSON. Goal: 120 bytes in the mean at the default of two reports a second; it is missed at one report a second.',
  },
];

interface Result {
  readonly machine: Machine;
  readonly rows: readonly BenchRow[];
}

interface Section {
  readonly title: string;
  readonly say: string;
  readonly pivot?: Pivot;
}

function section({ title, say, pivot: by }: Section, { machine, rows }: Result): string {
  const isPivoted = (row: BenchRow): boolean => by !== undefined && row.case.startsWith(by.begins);
  const pivoted = rows.filter(isPivoted);
  const others = rows.filter(row => !isPivoted(row));
  return [
    `## ${title}`,
    '',
    say,
    '',
    ...(by === undefined || pivoted.length === 0 ? [] : [...pivot(pivoted, by.columns), '']),
    ...(others.length === 0 ? [] : [...plainTable(others), '']),
    `${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}, ${machine.at.slice(0, 10)}; UDP checksum errors ${machine.udpChecksumErrors}.`,
    '',
  ].join('\n');
}

const plainTable = (rows: readonly BenchRow[]): string[] => [
  '| case | metric | unit | n | median | p95 | p99 | max | CPU idle |',
  '|---|---|---|---|---|---|---|---|---|',
  ...rows.map(
    row =>
      `| ${row.case} | ${row.metric} | ${row.unit} | ${row.n} | ${[row.median, row.p95, row.p99, row.max].map(shown).join(' | ')} | ${Math.round(row.cpuIdle * 100)} % |`,
  ),
];

/** Writes docs/benchmarks.md from the results in bench/out; a benchmark without a result is named as not measured. */
const folder = join(packageRoot(), 'bench', 'out');
const sections = BENCHES.map(({ name, ...about }) => {
  const file = join(folder, `${name}.json`);
  if (!existsSync(file)) return `## ${about.title}\n\n${about.say}\n\nNot measured in this set.\n`;
  return section(about, JSON.parse(readFileSync(file, 'utf8')) as Result);
});
const head = `<!-- DO NOT EDIT: made by \`make bench && node dist/bench/document.js\` -->

# Benchmarks

Measured by \`bench/\`, never asserted in a test. Machines are noisy: read medians and ratios with the idle share of the
processors beside them. All parts of a case, load generator included, share the machine.

`;
writeFileSync(join(packageRoot(), 'docs', 'benchmarks.md'), head + sections.join('\n'));
