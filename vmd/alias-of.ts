import { ipv4ToNumber, MAX_NUMBER } from '../protocol/addresses.js';

/** Whether an address is an alias: that of a vehicle, whose source port is a tag and says nothing about who it is. */
export function aliasTest(prefix: string): (address: string) => boolean {
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
      else return false;
    }
    const offset = value * 256 + part - first;
    return offset >= 0 && offset <= MAX_NUMBER;
  };
}
