import { refuseFlow } from './flow-check.js';
import type { Batch, SwitchRefusal } from './flow-switch.js';

/** What a switch would answer to a batch that makes no sense, before anything of it is sent. */
export function refuseBatch(batch: Batch): SwitchRefusal | undefined {
  for (const mod of batch.meters) {
    const at = `meter ${mod.meter}`;
    if (!Number.isInteger(mod.meter) || mod.meter < 1 || mod.meter >= 2 ** 24)
      return { type: 'METER_MOD_FAILED', code: 'INVALID_METER', detail: at };
    if (mod.op === 'set' && !(Number.isInteger(mod.ratePerS) && mod.ratePerS >= 1 && mod.ratePerS < 2 ** 32))
      return { type: 'METER_MOD_FAILED', code: 'BAD_RATE', detail: `${at}: ${mod.ratePerS}/s` };
  }
  for (const mod of batch.flows) {
    if (mod.op === 'deleteSlice') continue;
    const found = refuseFlow(mod.op === 'add' ? mod.flow : { ...mod.flow, cookie: 0, actions: [] });
    if (found !== undefined) return found;
  }
  return undefined;
}
