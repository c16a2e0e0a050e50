import { codeOf } from '../../../common/errors.js';
import type { FlowStats } from '../flow-switch.js';
import type { SwitchLink } from '../led-switch.js';
import type { RyuConnection, WireFlowStats } from './connection.js';
import { decodeFlow } from './decode.js';
import { encodeBatch } from './encode.js';

/** One datapath of a Ryu, over the connection that it shares with the others. */
export const ryuLink = (datapath: number, connection: RyuConnection): SwitchLink => ({
  async apply(batch) {
    await connection.request({ op: 'batch', datapath, ...encodeBatch(batch) });
  },
  async readFlows({ cookie, mask }) {
    const { flows, foreign } = await connection.request({ op: 'flows', datapath, cookie, mask });
    const found = flows.flatMap(readFlow);
    return { flows: found, foreign: foreign + flows.length - found.length };
  },
  async lead(term) {
    await connection.request({ op: 'lead', datapath, term });
  },
});

function readFlow(wire: WireFlowStats): FlowStats[] {
  try {
    return [{ ...decodeFlow(wire), packets: wire.packets }];
  } catch (error) {
    if (codeOf(error) !== 'FLOW_INVALID') throw error;
    return [];
  }
}
