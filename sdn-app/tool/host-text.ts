import type { HostFindings } from '../../common/checksum-offload.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import { hostNetwork } from '../../protocol/api/vmd.js';
import type { VehicleFlows } from '../../protocol/api/sdn-app.js';
import { table } from '../../common/table.js';

/** What one vMD host says of the machine that it runs on; `away` where it does not answer, or is of a release before. */
export interface HostRow {
  readonly host: string;
  readonly found: HostFindings | 'away';
}

const AT_ONCE = 8;
const ASK_MS = 5_000;

/** Asks the host of every vehicle, each host once. */
export async function askHosts(vehicles: readonly VehicleFlows[]): Promise<HostRow[]> {
  const hosts = new Map(vehicles.map(({ host }) => [host.host, host.control]));
  const left = hosts.entries();
  const rows: HostRow[] = [];
  const work = async (): Promise<void> => {
    for (const [host, control] of left) rows.push({ host, found: await askOne(control) });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return rows.sort((a, b) => a.host.localeCompare(b.host));
}

async function askOne(control: string): Promise<HostRow['found']> {
  await using http = new HttpClient(control, { connections: 1 });
  return await http.call('GET', '/v1/network', { answer: hostNetwork, timeoutMs: ASK_MS }).catch(() => 'away' as const);
}

export const hasErrors = (found: HostRow['found']): boolean =>
  found !== 'away' && found.checksumErrors !== 'unknown' && found.checksumErrors > 0;

/** A row for each host: what it dropped, and which of its interfaces leave checksums to hardware. */
export function hostsText(rows: readonly HostRow[]): string {
  if (rows.length === 0) return 'checksum offload: no vehicle has a host';
  const shown = rows.map(({ host, found }) =>
    found === 'away'
      ? [host, 'not reached', '–', '–']
      : [host, String(found.checksumErrors), namesOf(found, 'on'), namesOf(found, 'off')],
  );
  return table(['vMD host', 'UDP checksum errors', 'transmit checksum offload on', 'off'], shown);
}

const NAMES_MAX = 4;

function namesOf({ interfaces }: HostFindings, state: 'on' | 'off'): string {
  const names = interfaces.filter(({ txOffload }) => txOffload === state).map(({ name }) => name);
  const rest = names.length - NAMES_MAX;
  return [...names.slice(0, NAMES_MAX), ...(rest > 0 ? [`${rest} more`] : [])].join(' ') || '–';
}

export function hostText({ checksumErrors: errors, interfaces }: HostFindings): string {
  const lines = [
    errors === 'unknown'
      ? 'UDP checksum errors: not known, this machine has no /proc/net/snmp'
      : `UDP checksum errors received: ${errors}`,
  ];
  for (const { name, txOffload: state } of interfaces)
    lines.push(
      state === 'unknown'
        ? `${name}: transmit checksum offload not known (ethtool is not installed, or the interface does not say)`
        : `${name}: transmit checksum offload ${state}`,
    );
  if (interfaces.some(({ txOffload: state }) => state === 'on'))
    lines.push(
      '',
      'Where a switch in user space rewrites what such an interface sends (veth, tap), turn it off: ethtool -K NAME tx off',
    );
  return lines.join('\n');
}
