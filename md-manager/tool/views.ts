import { table } from '../../common/table.js';
import type { HandoverRecord, VehicleRecord } from '../../protocol/api/md-manager.js';
import type { Pool, Reconciliation } from '../../protocol/api/pools.js';

/** What the API answers, as text for people. */

const NONE = '–';

export function vehiclesText(vehicles: readonly VehicleRecord[]): string {
  if (vehicles.length === 0) return 'no vehicle is registered';
  const rows = vehicles.map(({ vehicle, number, acting, host, hostEpoch, highestEpoch, attachment, handover }) => [
    vehicle,
    number,
    acting?.domain ?? NONE,
    acting?.host ?? NONE,
    acting?.epoch ?? NONE,
    // Where the flow goes, when that is somewhere else for the moment.
    host === undefined || host.host === acting?.host ? NONE : `${host.host} (${hostEpoch ?? NONE})`,
    highestEpoch,
    attachment === undefined ? NONE : `${attachment.accessPoint ?? attachment.port} in ${attachment.domain}`,
    handover ?? NONE,
  ]);
  const header = ['vehicle', 'number', 'domain', 'twin', 'epoch', 'flow to', 'highest', 'car at', 'hand-over'];
  return table(header, rows);
}

const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? NONE : `${(100 * share).toFixed(1)} %`;

const countOf = (pool: Pool, state: Pool['hosts'][number]['slots'][number]['state']): number =>
  pool.hosts.reduce((sum, { slots }) => sum + slots.filter(slot => slot.state === state).length, 0);

export function poolsText(pools: readonly Pool[]): string {
  const domains = pools.map(pool => {
    const { domain, size, quota, starting, hosts, economy } = pool;
    const requests = economy?.requests;
    return [
      domain,
      hosts.length,
      starting,
      quota ?? NONE,
      countOf(pool, 'ready'),
      size,
      countOf(pool, 'reserved'),
      countOf(pool, 'assigned'),
      requests === undefined ? NONE : requests.armed + requests.ticket + requests.ready + requests.none,
      percent(economy?.hitRate),
      percent(economy?.armedRate),
      economy === undefined ? NONE : economy.idleHostMinutes.toFixed(1),
      economy?.costPerHandover === null || economy === undefined ? NONE : economy.costPerHandover.toFixed(4),
      economy?.readyMs === null || economy === undefined ? NONE : `${Math.round(economy.readyMs.median)}`,
    ];
  });
  const hosts = pools.flatMap(({ hosts: all }) =>
    all.map(({ host, pid, state, slots }) => {
      const held = (which: string): number => slots.filter(slot => slot.state === which).length;
      return [
        ...[host.host, state ?? NONE, host.address, pid === 0 ? NONE : pid],
        ...[slots.length, held('assigned'), held('reserved'), held('draining'), held('ready')],
      ];
    }),
  );
  const kept = ['domain', 'hosts', 'starting', 'quota', 'ready', 'kept', 'reserved', 'twins'];
  const economy = ['requests', 'hit', 'armed', 'idle host min', 'cost each', 'ready after ms'];
  const header = ['host', 'state', 'address', 'pid', 'slots', 'twins', 'reserved', 'draining', 'ready'];
  const below = hosts.length === 0 ? 'no host runs' : table(header, hosts);
  return `${table([...kept, ...economy], domains)}\n\n${below}`;
}

const timeText = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, 23);

export function handoversText(handovers: readonly HandoverRecord[]): string {
  if (handovers.length === 0) return 'no hand-over yet';
  const rows = handovers.map(record => {
    const { id, vehicle, kind, way, result, reason, standby, startedAtMs, endedAtMs } = record;
    return [
      timeText(startedAtMs),
      vehicle,
      kind,
      way ?? NONE,
      record.fromHost ?? record.fromDomain ?? NONE,
      record.toHost ?? record.toDomain,
      result,
      endedAtMs === undefined ? NONE : (endedAtMs - startedAtMs).toFixed(1),
      [reason, standby?.reason].filter(text => text !== undefined).join(', ') || NONE,
      id,
    ];
  });
  return table(['began', 'vehicle', 'kind', 'way', 'from', 'to', 'result', 'ms', 'why', 'hand-over'], rows);
}

/** One hand-over, phase by phase. */
export function handoverText(record: HandoverRecord): string {
  const first = Math.min(record.startedAtMs, ...Object.values(record.phases));
  const rows = Object.entries(record.phases)
    .sort(([, a], [, b]) => a - b)
    .map(([phase, atMs]) => [phase, `+${(atMs - first).toFixed(1)} ms`]);
  return `${handoversText([record])}\n\n${table(['phase', 'reached'], rows)}`;
}

export function reconciliationText({ hosts, slots, findings, silent }: Reconciliation): string {
  const looked = `looked at ${hosts} hosts with ${slots} slots`;
  const unheard = silent.length === 0 ? '' : `; did not answer: ${silent.join(', ')}`;
  if (findings.length === 0) return `${looked}: everybody agrees${unheard}`;
  const rows = findings.map(({ finding, host, vehicle, did }) => [finding, host, vehicle ?? NONE, did]);
  return `${looked}${unheard}\n\n${table(['finding', 'host', 'vehicle', 'what was done'], rows)}`;
}
