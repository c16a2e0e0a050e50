import type { SdnMove, StandingAnswer, SwitchCheck, TraceAnswer, VehicleFlows } from '../../protocol/api/sdn-app.js';
import type { Attachment } from '../../protocol/api/common.js';
import { inUrl } from '../../protocol/ipv6.js';
import { table } from '../../common/table.js';

/** What the API answers, as text for people. */
export function vehiclesText(vehicles: readonly VehicleFlows[]): string {
  if (vehicles.length === 0) return 'no vehicle is known';
  const rows = [...vehicles]
    .sort((a, b) => a.number - b.number)
    .map(
      ({
        vehicle,
        number,
        state,
        attachment,
        portDown,
        host,
        highestEpoch,
        waysOut,
        armed,
        tickets,
        lastMove,
        packets,
      }) => [
        vehicle,
        number,
        state,
        placeText(attachment, portDown),
        host.host,
        highestEpoch,
        waysOut.filter(name => name !== host.host).join(' ') || '–',
        [...armed, ...(tickets === true ? ['ticket'] : [])].join(' ') || '–',
        lastMove === undefined ? '–' : `${timeText(lastMove.atMs)} ${lastMove.detector} ${lastMove.way}`,
        packets === undefined
          ? ''
          : Object.entries(packets)
              .map(([kind, count]) => `${kind} ${count}`)
              .join(', '),
      ],
    );
  const header = ['vehicle', 'number', 'state', 'at', 'twin', 'epoch', 'draining', 'armed', 'last move', 'packets'];
  const shown = rows.some(row => row.at(-1) !== '') ? header.length : header.length - 1;
  return table(
    header.slice(0, shown),
    rows.map(row => row.slice(0, shown)),
  );
}

export function flowsText(flows: SwitchCheck['flows'], names: ReadonlyMap<number, string>): string {
  const rows = [...flows]
    .sort((a, b) => a.datapath - b.datapath || a.table - b.table || b.priority - a.priority || a.vehicle - b.vehicle)
    .map(({ datapath, table: at, priority, kind, vehicle, epochLow, packets, matches, does }) => [
      datapath,
      at,
      priority,
      kind,
      kind === 'base' ? '–' : (names.get(vehicle) ?? `number ${vehicle}`),
      kind === 'base' ? '–' : String(epochLow),
      packets,
      matches.join(', ') || 'any packet',
      does.join(', ') || 'drop',
    ]);
  if (rows.length === 0) return 'no flow';
  return table(['switch', 'table', 'priority', 'kind', 'vehicle', 'epoch', 'packets', 'match', 'actions'], rows);
}

export function movesText(moves: readonly SdnMove[]): string {
  if (moves.length === 0) return 'no move since this sdn-app was started';
  return table(
    ['at', 'vehicle', 'from', 'to', 'detector', 'way', 'validated ms', 're-routed ms', 'hand-over'],
    moves.map(({ vehicle, from, to, detector, way, detectedAtMs, validatedAtMs, reroutedAtMs, handover }) => [
      timeText(detectedAtMs),
      vehicle,
      placeText(from),
      placeText(to),
      detector,
      way,
      spanText(detectedAtMs, validatedAtMs),
      spanText(detectedAtMs, reroutedAtMs),
      handover,
    ]),
  );
}

export function checkText({ switches, drops, missing, foreign }: SwitchCheck, standing: StandingAnswer): string {
  const lines = [
    standing.at === 'active'
      ? `sdn-app: active in term ${standing.term ?? '–'}`
      : 'sdn-app: stand-by, and nobody is active',
    '',
    table(
      ['switch', 'state', 'missing', 'foreign'],
      switches.map(row => [row.datapath, STATES[row.state], row.missing, row.foreign]),
    ),
    '',
    verdict(switches, missing + foreign),
    '',
    table(['dropped because', 'packets'], Object.entries(drops)),
  ];
  return lines.join('\n');
}

function verdict(switches: SwitchCheck['switches'], differences: number): string {
  if (!switches.some(({ state }) => state === 'read')) return 'no switch was read';
  return differences === 0
    ? 'every switch that was read holds what it should'
    : 'a change in flight shows as a difference, too: ask again before you worry';
}

const STATES = { away: 'not connected', unread: 'does not answer', read: 'read' } as const;

export function traceText({ vehicle, legs }: TraceAnswer): string {
  return legs
    .map(({ says, steps, ends }) =>
      [
        `${vehicle}: ${says}`,
        ...steps.map(
          ({ datapath, table: at, priority, kind, packets, does }) =>
            `  switch ${datapath} table ${at}  ${priority === undefined ? 'no flow matches' : `${kind}, priority ${priority}, ${packets} packets`}${does.map(word => `\n      ${word}`).join('')}`,
        ),
        ...ends.map(end => `  → ${end}`),
      ].join('\n'),
    )
    .join('\n\n');
}

const placeText = (at: Attachment | undefined, down = false): string =>
  at === undefined
    ? '–'
    : `${at.datapath}/${at.port}${down ? ' (down)' : ''} ${at.accessPoint ?? at.domain} ${inUrl(at.source.address)}:${at.source.port}`;

const timeText = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, 23);

const spanText = (fromMs: number, toMs: number | undefined): string =>
  toMs === undefined ? '–' : (toMs - fromMs).toFixed(2);
