import type { HandoverRecord } from '../../protocol/api/md-manager.js';
import { PHASES, type Phase } from '../../protocol/api/common.js';
import { spanMs } from './outcome.js';

/** What the terminal view shows; made by `watch.ts` from the parts' own APIs. */
export interface DemoState {
  readonly page: string;
  readonly drive: string;
  readonly driveS: number;
  readonly speed: number;
  readonly cars: readonly CarState[];
  readonly handovers: readonly HandoverRecord[];
  readonly counts: { readonly completed: number; readonly failed: number; readonly cancelled: number };
  readonly restarts: number;
  /** Parts that are not ready just now. */
  readonly away: readonly string[];
}

export interface CarState {
  readonly vehicle: string;
  readonly domain: string | undefined;
  readonly epoch: number | undefined;
  readonly attachedAt: string | undefined;
  readonly acknowledged: number | undefined;
  readonly queue: number | undefined;
}

const BOLD = '\u001b[1m';
const DIM = '\u001b[2m';
const PLAIN = '\u001b[0m';
const COLOURS: Readonly<Record<string, string>> = {
  core: '\u001b[35m',
  'edge-1': '\u001b[36m',
  'edge-2': '\u001b[33m',
};

const inColour = (domain: string | undefined, text: string): string => `${COLOURS[domain ?? ''] ?? ''}${text}${PLAIN}`;
const cell = (value: string | number | undefined, width: number): string => String(value ?? '–').padStart(width);
const ms = (value: number | undefined): string =>
  value === undefined ? '–' : value < 100 ? value.toFixed(1) : value.toFixed(0);

/** `car-12 edge-1 → edge-2`. */
const WHO_WIDTH = 26;
const PHASE_WIDTH = 11;
/** The way, and how it ended. */
const END_WIDTH = 12;
/** Phases in the order in which they are left out of a narrow view, from the last. */
const BY_WORTH: readonly Phase[] = [
  'activated',
  'redirected',
  'prepared',
  'completed',
  'rerouted',
  'initiated',
  'validated',
];

const COLOUR = /(\u001b\[[0-9;]*m)/;

/** What a view has to fit into, in characters. */
export interface Screen {
  readonly rows: number;
  readonly columns: number;
}

/**
 * The whole screen as lines, the newest hand-overs first. A narrow one has the phases that fit beside the way; nothing is
 * broken into two lines.
 */
export function renderView(state: DemoState, { rows, columns }: Screen): string[] {
  const { completed, failed, cancelled } = state.counts;
  const phases = phasesFor(columns);
  const shownCars = state.cars.slice(0, Math.max(3, rows - 16));
  const lines = [
    `${BOLD}edgetwin${PLAIN}  ${state.page}`,
    `${DIM}${state.drive}, second ${Math.max(0, Math.floor(state.driveS))}, speed ×${state.speed}; ${state.restarts} restarts${PLAIN}`,
    `${DIM}moves between domains: ${completed} completed, ${failed} failed, ${cancelled} cancelled${PLAIN}`,
    '',
    `${DIM}car        twin in   epoch  access point  acknowledged  queue${PLAIN}`,
    ...shownCars.map(
      car =>
        `${car.vehicle.padEnd(10)} ${inColour(car.domain, (car.domain ?? '–').padEnd(8))} ${cell(car.epoch, 6)}  ${(car.attachedAt ?? '–').padEnd(12)}  ${cell(car.acknowledged, 12)}  ${cell(car.queue, 5)}`,
    ),
    ...(state.cars.length > shownCars.length
      ? [`${DIM}… and ${state.cars.length - shownCars.length} more${PLAIN}`]
      : []),
    '',
    `${DIM}${'hand-overs (ms from detected)'.padEnd(WHO_WIDTH + 3)}${phases.map(phase => phase.padStart(PHASE_WIDTH)).join('')}${PLAIN}`,
  ];
  const left = Math.max(3, rows - lines.length - 2);
  for (const record of state.handovers.slice(0, left)) lines.push(handoverLine(record, phases));
  if (state.away.length > 0) lines.push('', `${DIM}away: ${state.away.join(', ')}${PLAIN}`);
  return lines.map(line => cut(line, columns));
}

/** Those after `detected` that have room; `activated`, when the new twin acts, is the last to go. */
function phasesFor(columns: number): readonly Phase[] {
  const room = Math.floor((columns - WHO_WIDTH - 3 - END_WIDTH) / PHASE_WIDTH);
  const wanted = new Set(BY_WORTH.slice(0, Math.max(1, room)));
  return PHASES.filter(phase => wanted.has(phase));
}

/** A line of at most so many characters; what colours it takes no room. */
function cut(line: string, columns: number): string {
  let left = columns;
  const kept = line.split(COLOUR).map(part => {
    if (part.startsWith('\u001b')) return part;
    const text = part.slice(0, left);
    left -= text.length;
    return text;
  });
  return kept.join('');
}

/** One hand-over as a line: who, from where to where, its phase times, and how. */
export function handoverLine(record: HandoverRecord, phases: readonly Phase[] = PHASES.slice(1)): string {
  const end =
    record.result === 'running' ? '…' : record.result === 'completed' ? '' : `${record.result} ${record.reason ?? ''}`;
  const way = record.kind === 'move' ? (record.way ?? '') : record.kind;
  const who = `${record.vehicle} ${record.fromDomain ?? '·'} → ${record.toDomain}`;
  const times = phases.map(phase => ms(spanMs(record, phase)).padStart(PHASE_WIDTH)).join('');
  return `${who.padEnd(WHO_WIDTH)} ${inColour(record.toDomain, '●')} ${times}  ${way} ${end}`.trimEnd();
}
