import { macText, numberToIpv4 } from '../../protocol/addresses.js';
import { hexToIpv6 } from '../../protocol/ipv6.js';
import { FIELD_BITS, type Action, type Bits, type Field, type WideField } from '../switch/flow-switch.js';

/** An action as an operator reads it. */
export function actionWords(action: Action): string {
  switch (action.do) {
    case 'meter':
      return `meter ${action.meter}`;
    case 'set':
      return `${action.field} ← ${fieldText(action.field, action.value)}`;
    case 'setWide':
      return `${action.field} ← ${wideText(action.field, action.value)}`;
    case 'move':
      return `${bitsText(action.to)} ← ${bitsText(action.from)}`;
    case 'moveWide':
      return `${action.to} ← ${action.from}`;
    case 'load':
      return `${bitsText(action.to)} ← ${action.value}`;
    case 'pushVlan':
      return `tag with VLAN ${action.vlan}`;
    case 'popVlan':
      return 'take the VLAN tag off';
    case 'metadata':
      return `metadata ← ${action.value}`;
    case 'goto':
      return `table ${action.table}`;
    case 'output': {
      const { to } = action;
      if (to === 'CONTROLLER') return 'copy to the controller';
      if (to === 'NORMAL') return 'ordinary forwarding';
      if (to === 'IN_PORT') return 'out of the port that it came in by';
      return `out of port ${'port' in to ? to.port : `in ${bitsText(to.portFrom)}`}`;
    }
  }
}

const bitsText = ({ field, offset, length }: Bits): string =>
  offset === 0 && length === FIELD_BITS[field] ? field : `${field}[${offset}..${offset + length - 1}]`;

const ADDRESSES: ReadonlySet<Field> = new Set(['ipSrc', 'ipDst', 'arpSpa', 'arpTpa']);

export function fieldText(field: Field, value: number): string {
  if (ADDRESSES.has(field)) return numberToIpv4(value);
  return FIELD_BITS[field] === 48 ? macText(value) : String(value);
}

const wideText = (field: WideField, value: string): string => (field === 'wide1' ? `0x${value}` : hexToIpv6(value));
