import { codeOf } from '../../../common/errors.js';
import { fault } from '../../../protocol/errors.js';
import type { Northbound, NsOrder } from './northbound.js';

/**
 * Orders a network service, in one step, or in the two of SOL 005 where the interface has no other. Resolves with the
 * service and its operation, which goes on.
 */
export async function orderService(
  northbound: Northbound,
  order: NsOrder,
  signal: AbortSignal,
): Promise<{ readonly nsId: string; readonly operation: string }> {
  try {
    const { nsId, operation } = await northbound.instantiate(order, signal);
    return { nsId, operation: operation ?? (await firstOperation(northbound, nsId)) };
  } catch (error) {
    if (codeOf(error) !== 'MANO_UNSUPPORTED') throw error;
  }
  const nsId = await northbound.create(order);
  return { nsId, operation: await northbound.instantiateCreated(nsId, order) };
}

/** Release 5 does not name the operation that an order began. */
async function firstOperation(northbound: Northbound, nsId: string): Promise<string> {
  const [first] = await northbound.operationsOf(nsId);
  if (first === undefined) throw fault('MANO_REFUSED', `the order of ${nsId} has no operation`);
  return first.id;
}
