import { delay } from '../../common/clock.js';
import { configHelp, loadConfig } from '../../common/config.js';
import { Resources } from '../../common/lifecycle.js';
import { openLmdbControlStore } from '../lmdb/control-store.js';
import { openLmdbTwinStore } from '../lmdb/twin-store.js';
import type { ControlStore, TwinStore } from '../types.js';
import { auditActing } from './acting.js';
import { audit } from './audit.js';
import { SETTINGS, type AuditConfig } from './config.js';
import { checkStore, readMarksFiles, readWitness } from './read-files.js';
import { readActing } from './read-live.js';
import { auditText } from './text.js';
import type { ActingView, AuditResult } from './types.js';

export const help = `usage: edgetwin audit --stores DIR,… --control DIR [--witness FILE,…] [--marks FILE,…] [--manager URL] [--sdn URL] [--json]

Counts all reports and checks the guarantees, also on a system that runs: reports that wait in an outbox (marks) count as lost there,
but violate nothing.
Exit code: 0 every guarantee that could be checked holds, 1 some do not, 2 the settings are wrong.

${configHelp(SETTINGS)}
`;

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const config = loadConfig(SETTINGS, { argv, env });
  const { result, remarks } = await auditBy(config, signal);
  process.stdout.write(`${config.json ? JSON.stringify(result, undefined, 1) : auditText(result)}\n`);
  for (const remark of remarks) process.stderr.write(`${remark}\n`);
  return result.violations.length === 0 ? 0 : 1;
}

/** Opens what the settings name and audits it. CONFIG_INVALID where a file or store is not there. */
async function auditBy(
  config: AuditConfig,
  signal: AbortSignal,
): Promise<{ readonly result: AuditResult; readonly remarks: readonly string[] }> {
  await using resources = new Resources();
  for (const path of [...config.stores, config.control]) await checkStore(path);
  const marks = await readMarksFiles(config.marks);
  const witness = await readWitness(config.witness);
  const stores: TwinStore[] = [];
  for (const path of config.stores)
    stores.push(resources.use(await openLmdbTwinStore({ path, domain: path, journal: false })));
  const control = resources.use(await openLmdbControlStore({ path: config.control }));
  const result = await audit({
    histories: stores.map(store => store.scan()),
    acknowledged: witness.seqs,
    marks,
    acting: await settledActing(control, config, signal),
  });
  const remarks =
    witness.unreadable === 0 ? [] : [`${witness.unreadable} torn lines in witness files were passed over`];
  return { result, remarks };
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
