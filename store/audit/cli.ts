import { delay, systemClock } from '../../common/clock.js';
import { configHelp, loadConfig } from '../../common/config.js';
import { codeOf, messageOf } from '../../common/errors.js';
import { Resources } from '../../common/lifecycle.js';
import type { ControlStore } from '../types.js';
import { auditActing } from './acting.js';
import { conclude, readRanges } from './audit.js';
import { SETTINGS, type AuditConfig } from './config.js';
import type { HistorySource } from './history-source.js';
import { openSources } from './open-sources.js';
import { Progress } from './progress.js';
import { readMarksFiles, readWitness } from './read-files.js';
import { readActing } from './read-live.js';
import { openTallyFile, type TallyFile } from './tally-file.js';
import { recordInMemory, type TallyRecord } from './tally-record.js';
import { auditText } from './text.js';
import type { ActingView, AuditResult } from './types.js';

export const help = `usage: edgetwin audit --stores DIR,… --control DIR [--flag value …]
       edgetwin audit --store-kind cassandra --cassandra-contact-points HOST,… [--flag value …]

Counts all reports and checks the guarantees, also on a system that runs: reports that wait in an outbox (marks) count as lost there,
but violate nothing. Progress goes to standard error.
Exit code: 0 every guarantee that could be checked holds, 1 some do not, 2 the audit could not be made (settings, a store, a
service, an interruption): nothing is said about the guarantees.

${configHelp(SETTINGS)}
`;

/** An audit was not made: neither that all is well nor that it is not. */
const NOT_MADE = 2;

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const config = loadConfig(SETTINGS, { argv, env });
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    const result = await auditBy(config, say, signal);
    process.stdout.write(`${config.json ? JSON.stringify(result, undefined, 1) : auditText(result)}\n`);
    return result.violations.length === 0 ? 0 : 1;
  } catch (error) {
    if (codeOf(error) === 'CONFIG_INVALID') throw error;
    const kept = config.resume === undefined ? '' : `; the same command goes on with ${config.resume}`;
    say(`the audit could not be made: ${signal.aborted ? 'interrupted' : messageOf(error)}${kept}`);
    return NOT_MADE;
  }
}

/** Opens what the settings name and audits it. CONFIG_INVALID where a file or store is not there. */
async function auditBy(config: AuditConfig, say: (line: string) => void, signal: AbortSignal): Promise<AuditResult> {
  await using resources = new Resources();
  const { source, control } = await openSources(config, resources, signal);
  const { resume } = config;
  const begin = (): Promise<Pick<TallyRecord, 'ranges' | 'testimony'>> => beginAudit(config, source, say);
  let file: TallyFile | undefined;
  if (resume !== undefined) file = resources.use(await openTallyFile(resume, source, begin));
  const record = file ?? recordInMemory(await begin());
  const progress = new Progress(systemClock, say);
  const read = await readRanges(source, record, { signal, onProgress: at => progress.update(at) });
  const result = await conclude(source, read, record.testimony, await settledActing(control, config, signal));
  await file?.remove();
  return result;
}

/** What devices and witness say is read first: every report that they know of is stored before any row is read. */
async function beginAudit(
  config: AuditConfig,
  source: HistorySource,
  say: (line: string) => void,
): Promise<Pick<TallyRecord, 'ranges' | 'testimony'>> {
  const marks = await readMarksFiles(config.marks);
  const witness = await readWitness(config.witness);
  if (witness.unreadable > 0) say(`${witness.unreadable} torn lines in witness files were passed over`);
  return { ranges: await source.split(config.ranges), testimony: { acknowledged: witness.seqs, marks } };
}

const LOOK_AGAIN_MS = 100;

/** A slot is released and a flow removed shortly after its hand-over has ended: what stays is a fault, what goes is none. */
async function settledActing(control: ControlStore, config: AuditConfig, signal: AbortSignal): Promise<ActingView> {
  const { manager, sdn, settleMs } = config;
  for (let waitedMs = 0; ; waitedMs += LOOK_AGAIN_MS) {
    const view = await readActing(control, { manager, sdn });
    if (waitedMs >= settleMs || auditActing(view).length === 0) return view;
    await delay(LOOK_AGAIN_MS, signal);
  }
}
