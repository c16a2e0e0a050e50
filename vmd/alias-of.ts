import { MAX_NUMBER, ipv4ToNumber, numberOfAddress6, type AddressPlan } from '../protocol/addresses.js';
import { address6At, isIpv6 } from '../protocol/ipv6.js';

/** The part of the address plan that a host sees. */
export type AliasPlan = Pick<AddressPlan, 'aliasPrefix' | 'alias6'>;

/**
 * The vehicle number behind an alias, of either family; `undefined` where the address is another's. The source port of an
 * alias is a tag and says nothing about who it is.
 */
export function aliasReader({ aliasPrefix, alias6 }: AliasPlan): (address: string) => number | undefined {
  const four = aliasReader4(aliasPrefix);
  const six = alias6 === undefined ? (): undefined => undefined : aliasReader6(alias6);
  return address => (isIpv6(address) ? six(address) : four(address));
}

function aliasReader4(prefix: string): (address: string) => number | undefined {
  const first = ipv4ToNumber(prefix);
  return address => {
    // Once per datagram: digits are added up without making strings of them.
    let value = 0;
    let part = 0;
    for (let at = 0; at < address.length; at++) {
      const digit = address.charCodeAt(at) - 48;
      if (digit === -2) {
        value = value * 256 + part;
        part = 0;
      } else if (digit >= 0 && digit <= 9) part = part * 10 + digit;
      else return undefined;
    }
    const offset = value * 256 + part - first;
    return offset >= 0 && offset <= MAX_NUMBER ? offset : undefined;
  };
}

function aliasReader6(prefix: string): (address: string) => number | undefined {
  // The text of a /64 ends with its zeros, and those of nearly all its addresses begin with it.
  const head = address6At(prefix, 0);
  return address => {
    if (address.startsWith(head)) {
      let value = 0;
      let group = 0;
      let groups = 1;
      for (let at = head.length; at < address.length && groups > 0; at++) {
        const digit = hexDigit(address.charCodeAt(at));
        if (digit !== undefined) group = group * 16 + digit;
        else {
          value = value * 0x1_0000 + group;
          group = 0;
          // More than two groups, or no canonical text: read at length.
          groups = address.charCodeAt(at) === COLON && groups < 2 ? groups + 1 : 0;
        }
      }
      if (groups > 0) {
        const number = value * 0x1_0000 + group;
        return number <= MAX_NUMBER ? number : undefined;
      }
    }
    return numberOfAddress6(prefix, address);
  };
}

const COLON = 58;

/** Of a lower-case digit, as the kernel's addresses have them. */
function hexDigit(code: number): number | undefined {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : undefined;
}
