import { fault } from '../../../protocol/errors.js';
import type { Action } from '../flow-switch.js';
import { actionsAt, writeAction } from './actions.js';
import { uintAt, type Writer } from './bytes.js';

/** What flows do, to and from struct ofp_instruction_… (OpenFlow 1.3.5 §7.2.3.10), in OpenFlow's order, which ours is, too. */
const TYPE = { goto: 1, metadata: 2, apply: 4, meter: 6 } as const;
const TWO_32 = 2 ** 32;

export function writeInstructions(to: Writer, actions: readonly Action[]): void {
  let applyFrom: number | undefined;
  const endApply = (): void => {
    if (applyFrom !== undefined) to.lengthAt(applyFrom + 2, applyFrom);
    applyFrom = undefined;
  };
  for (const action of actions) {
    if (action.do === 'meter') {
      to.u16(TYPE.meter);
      to.u16(8);
      to.u32(action.meter);
    } else if (action.do === 'metadata') {
      endApply();
      to.u16(TYPE.metadata);
      to.u16(24);
      to.zeros(4);
      to.uint(action.value, 8);
      to.uint(action.mask, 8);
    } else if (action.do === 'goto') {
      endApply();
      to.u16(TYPE.goto);
      to.u16(8);
      to.u8(action.table);
      to.zeros(3);
    } else {
      if (applyFrom === undefined) {
        applyFrom = to.length;
        to.u16(TYPE.apply);
        to.u16(0);
        to.zeros(4);
      }
      writeAction(to, action);
    }
  }
  endApply();
}

/** The instructions from `at` to `end`. FLOW_INVALID where one is nothing that flows can say. */
export function instructionsAt(view: DataView, at: number, end: number): Action[] {
  const actions: Action[] = [];
  for (let place = at; place < end;) {
    const [type, length] = [view.getUint16(place), view.getUint16(place + 2)];
    if (length < 8) throw fault('FLOW_INVALID', `instruction ${type}`);
    if (type === TYPE.meter) actions.push({ do: 'meter', meter: view.getUint32(place + 4) });
    else if (type === TYPE.apply) actions.push(...actionsAt(view, place + 8, place + length));
    else if (type === TYPE.metadata) actions.push(metadataAt(view, place));
    else if (type === TYPE.goto) actions.push({ do: 'goto', table: view.getUint8(place + 4) });
    else throw fault('FLOW_INVALID', `instruction ${type}`);
    place += length;
  }
  return actions;
}

function metadataAt(view: DataView, at: number): Action {
  const [value, mask] = [uintAt(view, at + 8, 8), uintAt(view, at + 16, 8)];
  if (value >= TWO_32 || mask >= TWO_32) throw fault('FLOW_INVALID', 'metadata above 32 bits');
  return { do: 'metadata', value, mask };
}
