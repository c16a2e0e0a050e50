import type { HttpClient } from '../../protocol/api/http-client.js';
import { switchCheck, type SwitchCheck } from '../../protocol/api/sdn-app.js';

/** A block of vehicle numbers is read from the switches for each answer. */
const SLOW_MS = 60_000;

export const checked = (http: Pick<HttpClient, 'call'>, query: string): Promise<SwitchCheck> =>
  http.call('GET', `/v1/check${query}`, { answer: switchCheck, timeoutMs: SLOW_MS });

/** Block after block: no service holds the table of a large fleet in one piece. */
export async function* checkBlocks(
  http: Pick<HttpClient, 'call'>,
  listed: 'flows' | 'counts',
): AsyncGenerator<SwitchCheck, void> {
  for (let after: number | undefined = -1; after !== undefined;) {
    const block: SwitchCheck = await checked(http, `?flows=${listed === 'flows'}&after=${after}`);
    yield block;
    after = block.next;
  }
}

/** What all blocks say together; a switch that did not answer for one of them was not read. */
export function wholeCheck(before: SwitchCheck, block: SwitchCheck): SwitchCheck {
  const switches = block.switches.map(row => {
    const old = before.switches.find(({ datapath }) => datapath === row.datapath);
    if (old === undefined) return row;
    return {
      ...row,
      state: old.state === 'read' ? row.state : old.state,
      missing: old.missing + row.missing,
      foreign: old.foreign + row.foreign,
    };
  });
  return {
    ...block,
    connected: before.connected && block.connected,
    missing: before.missing + block.missing,
    foreign: before.foreign + block.foreign,
    switches,
  };
}
