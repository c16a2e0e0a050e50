import type { Batch } from '../flow-switch.js';
import { METER_EXISTS, type ErrorNumbers } from './error-names.js';
import { bundleAdd, bundleControl, flowMod, meterMods, type BundleStep, type Write } from './messages.js';

/** A batch as phases: messages that go out together with one barrier; the next phase follows only without an error. Pure. */

/** One message, still without its xid. */
export interface Part {
  readonly write: Write;
  /** Of the change in the batch, meters that are set first; absent for what opens, commits or discards a bundle. */
  readonly change?: number;
  /** An error that says nothing: the meter is there already. */
  readonly ignored?: ErrorNumbers;
}

export interface Phase {
  readonly parts: readonly Part[];
  /** What takes the phase back after an error. */
  readonly undo: readonly Part[];
  /** An error in it may leave a part of the batch applied. */
  readonly atOnce: boolean;
}

const phase = (parts: readonly Part[], more: Partial<Phase> = {}): Phase => ({
  undo: [],
  atOnce: false,
  parts,
  ...more,
});

/**
 * `bundle`: number of a new bundle, `undefined` where the switch has none. `taken`: the switch will take each message into it
 * (shapes.ts), so that its commit needs not wait. A single change is atomic by itself.
 */
export function phasesOf(batch: Batch, bundle: number | undefined, taken: boolean): Phase[] {
  const changes = [
    ...batch.meters.filter(({ op }) => op === 'set').map(mod => meterMods(mod)),
    ...batch.flows.map(mod => [flowMod(mod)]),
    ...batch.meters.filter(({ op }) => op === 'delete').map(mod => meterMods(mod)),
  ].map((writes, change) => writes.map((write): Part => ({ write, change })));
  const set = batch.meters.filter(({ op }) => op === 'set').length;
  const before = changes
    .slice(0, set)
    .flatMap(([add, modify]) => [
      ...(add === undefined ? [] : [{ ...add, ignored: METER_EXISTS }]),
      ...(modify === undefined ? [] : [modify]),
    ]);
  const flows = changes.slice(set, set + batch.flows.length).flat();
  const after = changes.slice(set + batch.flows.length).flat();
  // with its meter, a switch deletes the flows that use it: only once the flows have been changed
  if (batch.flows.length === 0) return [phase([...before, ...after])];
  return [...flowPhases(before, flows, bundle, taken), ...(after.length > 0 ? [phase(after)] : [])];
}

function flowPhases(
  before: readonly Part[],
  flows: readonly Part[],
  bundle: number | undefined,
  taken: boolean,
): Phase[] {
  if (bundle === undefined || flows.length < 2) return [phase([...before, ...flows])];
  const control = (step: BundleStep): Part => ({ write: bundleControl(step, bundle) });
  const added = flows.map(part => ({ ...part, write: bundleAdd(bundle, part.write) }));
  const opened = [...before, control('open'), ...added];
  return taken
    ? [phase([...opened, control('commit')], { atOnce: true })]
    : [phase(opened, { undo: [control('discard')] }), phase([control('commit')])];
}
