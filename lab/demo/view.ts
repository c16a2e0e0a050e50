import type { HandoverRecord } from '../../protocol/api/md-manager.js';
import { PHASES } from '../../protocol/api/common.js';
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
  (value === undefined ? '–' : value < 100 ? value.toFixed(1) : value.toFixed(0)).padStart(10);

/** The whole screen as lines; `rows` of the terminal bound it, the newest hand-overs come first. */
export function renderView(state: DemoState, rows: number): string[] {
  const { completed, failed, cancelled } = state.counts;
  const shownCars = state.cars.slice(0, Math.max(3, rows - 16));
  const lines = [
    `${BOLD}edgetwin${PLAIN}  ${state.page}`,
    `${DIM}${state.drive}, second ${Math.max(0, Math.floor(state.driveS))} of the drive, speed ×${state.speed}; hand-overs ${completed} completed, ${failed} failed, ${cancelled} cancelled; ${state.restarts} restarts${PLAIN}`,
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
    `${DIM}hand-overs (ms from detected)${PHASES.slice(1)
      .map(phase => phase.padStart(11))
      .join('')}${PLAIN}`,
  ];
  const left = Math.max(3, rows - lines.length - 2);
  for (const record of state.handovers.slice(0, left)) lines.push(handoverLine(record));
  if (state.away.length > 0) lines.push('', `${DIM}away: ${state.away.join(', ')}${PLAIN}`);
  return lines;
}

/** One hand-over as a line: who, from where to where, how, and its phase times. */
export function handoverLine(record: HandoverRecord): string {
  const end =
    record.result === 'running' ? '…' : record.result === 'completed' ? '' : `${record.result} ${record.reason ?? ''}`;
  const way = record.kind === 'move' ? (record.way ?? '') : record.kind;
  const who = `${record.vehicle} ${record.fromDomain ?? '·'} → ${record.toDomain}`;
  return `${who.padEnd(25)}${inColour(record.toDomain, '●')} ${PHASES.slice(1)
    .map(phase => ` ${ms(spanMs(record, phase))}`)
    .join('')}  ${way} ${end}`.trimEnd();
}
