import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { delay } from '../../common/clock.js';
import { fault } from '../../protocol/errors.js';
import type { HandoverRecord } from '../../protocol/api/md-manager.js';
import { readMarks, type Marks } from '../../device/uplink/marks.js';
import { openNodeDisk } from '../../device/uplink/node-disk.js';
import { summariseHandovers, type HandoverSummary } from './outcome.js';
import type { RunningSystem } from './running.js';
import { auditStoreWords } from './store-words.js';
import type { Watch } from './watch.js';

/** What `edgetwin audit --json` prints, as much of it as the outcome needs. */
const auditAnswer = z.object({
  reports: z.object({
    sampled: z.int(),
    accepted: z.int(),
    acknowledged: z.int(),
    stored: z.int(),
    dropped: z.int(),
    lost: z.int(),
    duplicated: z.int(),
  }),
  violations: z.array(z.looseObject({ guarantee: z.int(), say: z.string() })),
});

export interface Outcome {
  readonly drive: string;
  readonly cars: number;
  readonly speed: number;
  readonly reports: z.infer<typeof auditAnswer>['reports'] & { readonly resent: number };
  readonly handovers: HandoverSummary;
  readonly restarts: number;
  readonly violations: z.infer<typeof auditAnswer>['violations'];
}

const ASK_EVERY_MS = 100;
/** The most that md-manager gives at once: 50 cars on the longest recording make about a tenth. */
const ALL_HANDOVERS = 10_000;

/**
 * Ends a run as its rules say: agents sample no more, every outbox empties, every hand-over ends, then the audit.
 * Throws DEADLINE where outboxes or hand-overs have not come to their end within `timeoutMs`.
 */
export async function finishAndAudit(
  system: RunningSystem,
  watch: Watch,
  signal: AbortSignal,
  timeoutMs = 60_000,
): Promise<Outcome> {
  await settle(watch, signal, timeoutMs);
  const audit = await runAudit(system);
  const handovers = await allHandovers(watch, signal, timeoutMs);
  const { reports, violations } = audit;
  const marks = await marksOf(system);
  return {
    drive: system.plan.drive.split('/').at(-1) ?? system.plan.drive,
    cars: system.plan.cars,
    speed: system.plan.speed,
    reports: { ...reports, resent: marks.reduce((sum, { resent }) => sum + resent, 0) },
    handovers: summariseHandovers(handovers),
    restarts: system.restarts(),
    violations,
  };
}

async function settle(watch: Watch, signal: AbortSignal, timeoutMs: number): Promise<void> {
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    // Asked each time: an agent that was started again in the meantime samples again.
    await watch.finish();
    const [agents, counts] = await Promise.all([watch.agents(), watch.counts()]);
    // What was sampled last is accepted with the next sync, and queued only then.
    const queues = agents.map(agent => agent && agent.queue + agent.sampled - agent.accepted);
    if (queues.every(queue => queue === 0) && counts?.running === 0) return;
    if (performance.now() > untilMs)
      throw fault(
        'DEADLINE',
        `after ${timeoutMs} ms outboxes hold ${queues.map(queue => queue ?? 'unknown').join(', ')} reports, ${counts?.running ?? 'unknown'} hand-overs run`,
      );
    await delay(ASK_EVERY_MS, signal);
  }
}

/** A manager that is late is asked again: an outcome without hand-overs would be a wrong one. */
async function allHandovers(watch: Watch, signal: AbortSignal, timeoutMs: number): Promise<HandoverRecord[]> {
  for (const untilMs = performance.now() + timeoutMs; ;) {
    const found = await watch.handovers(ALL_HANDOVERS, timeoutMs);
    if (found !== undefined) return found.handovers;
    if (performance.now() > untilMs) throw fault('DEADLINE', `after ${timeoutMs} ms md-manager tells no hand-overs`);
    await delay(ASK_EVERY_MS, signal);
  }
}

function marksOf(system: RunningSystem): Promise<Marks[]> {
  return Promise.all(
    system.vehicles.map(async ({ state }) => {
      await using disk = await openNodeDisk(state);
      return readMarks(disk);
    }),
  );
}

/** Runs `edgetwin audit` on the live system, as an operator would. */
async function runAudit(system: RunningSystem): Promise<z.infer<typeof auditAnswer>> {
  const { data } = system.plan;
  const marks = await marksOf(system);
  const marksFile = join(data, 'marks.json');
  await writeFile(marksFile, JSON.stringify(marks));
  const { stdout, stderr } = await system.command([
    'audit',
    ...auditStoreWords(system.plan, domain => system.store(domain), system.control),
    ...['--witness', system.vehicles.map(({ witness }) => witness).join(',')],
    ...['--marks', marksFile],
    ...['--manager', system.services.manager, '--sdn', system.services.sdn, '--json'],
  ]);
  const found = auditAnswer.safeParse(jsonOrNothing(stdout));
  if (!found.success) throw fault('STORE_FAILED', `the audit gave no answer: ${stderr.trim()}`);
  return found.data;
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The outcome as lines for people. */
export function outcomeLines(outcome: Outcome): string[] {
  const { reports, handovers } = outcome;
  const ms = (value: number): string => value.toFixed(2).padStart(9);
  return [
    `reports    ${Object.entries(reports)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    `hand-overs completed ${handovers.completed}, failed ${handovers.failed}, cancelled ${handovers.cancelled}; first ${handovers.first}, same-domain ${handovers.sameDomain}; restarts ${outcome.restarts}`,
    ...(handovers.completed === 0 ? [] : [`phase (ms from detected)      n    median       p95       p99       max`]),
    ...Object.entries(handovers.phasesMs).map(
      ([phase, q]) =>
        `  ${phase.padEnd(22)} ${String(q.n).padStart(6)} ${ms(q.median)} ${ms(q.p95)} ${ms(q.p99)} ${ms(q.max)}`,
    ),
    outcome.violations.length === 0 ? 'every guarantee held' : `${outcome.violations.length} violations:`,
    ...outcome.violations.map(({ guarantee, say }) => `  guarantee ${guarantee}: ${say}`),
  ];
}
