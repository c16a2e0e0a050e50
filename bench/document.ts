import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../common/package-root.js';
import type { BenchRow, Machine } from './harness.js';

/** What each benchmark measures, what it must be read with, and the goal that it is on the way to. */
const BENCHES: readonly { readonly name: string; readonly title: string; readonly say: string }[] = [
  {
    name: 'handover',
    title: 'Hand-over on the soft switch',
    say: 'Cars change to an access point of the other domain all at once, again and again. Phases are those of the ledger, in milliseconds from `detected`; `completed` contains the two seconds of silence for which the old twin drains, so it is no delay that a car or reader sees. Goal: 4 ms median through the manager with a warm pool. The paper: 1.543 ms for the back-up route and 0.785 ms for the swap, one car, a hardware switch, without its durable record and its claim of ownership.',
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
    name: 'memory',
    title: 'Memory of a vMD host',
    say: 'Resident memory with 1 and with 1,000 twins, each with values of all signals. Goal: 20 KB per twin. The paper: 1 GB per twin.',
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

const shown = (value: number): string =>
  Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));

function section(title: string, say: string, { machine, rows }: Result): string {
  const table = rows.map(
    row =>
      `| ${row.case} | ${row.metric} | ${row.unit} | ${row.n} | ${[row.median, row.p95, row.p99, row.max].map(shown).join(' | ')} | ${Math.round(row.cpuIdle * 100)} % |`,
  );
  return [
    `## ${title}`,
    '',
    say,
    '',
    '| case | metric | unit | n | median | p95 | p99 | max | CPU idle |',
    '|---|---|---|---|---|---|---|---|---|',
    ...table,
    '',
    `${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}, ${machine.at.slice(0, 10)}; UDP checksum errors ${machine.udpChecksumErrors}.`,
    '',
  ].join('\n');
}

/** Writes docs/benchmarks.md from the results in bench/out; a benchmark without a result is named as not measured. */
const folder = join(packageRoot(), 'bench', 'out');
const sections = BENCHES.map(({ name, title, say }) => {
  const file = join(folder, `${name}.json`);
  if (!existsSync(file)) return `## ${title}\n\n${say}\n\nNot measured in this set.\n`;
  return section(title, say, JSON.parse(readFileSync(file, 'utf8')) as Result);
});
const head = `<!-- DO NOT EDIT: made by \`make bench && node dist/bench/document.js\` -->

# Benchmarks

Measured by \`bench/\`, never asserted in a test. Machines are noisy: read medians and ratios with the idle share of the
processors beside them. All parts of a case, load generator included, share the machine.

`;
writeFileSync(join(packageRoot(), 'docs', 'benchmarks.md'), head + sections.join('\n'));
