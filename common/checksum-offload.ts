/**
 * Checksum offload, as far as the machine tells: a sender that leaves checksums to hardware that is not there (a veth, a
 * tap) sends datagrams whose checksum a switch in user space completes wrongly when it rewrites them. The receiver counts them
 * as InCsumErrors and drops them. Pure: texts in, findings out.
 */
export interface HostFindings {
  /** UDP datagrams dropped for their checksum since boot (or since the namespace was made), IPv4 and IPv6. */
  readonly checksumErrors: number | 'unknown';
  readonly interfaces: readonly { readonly name: string; readonly txOffload: 'on' | 'off' | 'unknown' }[];
}

/** `InCsumErrors` of a `/proc/net/snmp` or the `Udp6InCsumErrors` of a `/proc/net/snmp6`; `undefined` where there is none. */
export function checksumErrors(snmp: string): number | undefined {
  const six = /^Udp6InCsumErrors\s+(\d+)$/m.exec(snmp)?.[1];
  if (six !== undefined) return Number(six);
  const [names, values] = snmp.split('\n').filter(line => line.startsWith('Udp: '));
  const at = names?.split(' ').indexOf('InCsumErrors') ?? -1;
  const found = at < 0 ? undefined : values?.split(' ')[at];
  return found === undefined || !/^\d+$/.test(found) ? undefined : Number(found);
}

/** `tx-checksumming` of the output of `ethtool -k`. */
export function txOffload(features: string): 'on' | 'off' | 'unknown' {
  const found = /^tx-checksumming: (on|off)/m.exec(features)?.[1];
  return found === 'on' || found === 'off' ? found : 'unknown';
}
