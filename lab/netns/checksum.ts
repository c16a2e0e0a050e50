/**
 * UDP checksum errors of one namespace from /proc/net/snmp and snmp6 (InCsumErrors, Udp6InCsumErrors): datagrams that
 * arrived and were thrown away by the receiver. Raw sockets do not show them. Pure.
 */
export function checksumErrorsIn(snmp: string): number {
  const lines = snmp.split('\n');
  const [names = '', values = ''] = lines.filter(line => line.startsWith('Udp:'));
  const column = names.split(' ').indexOf('InCsumErrors');
  const udp4 = Number(values.split(' ')[column] ?? 0);
  const udp6 = lines.find(line => line.startsWith('Udp6InCsumErrors'))?.split(/\s+/)[1] ?? 0;
  return udp4 + Number(udp6);
}
