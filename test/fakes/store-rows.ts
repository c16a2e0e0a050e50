import { encodeReport, REPORT_VERSION } from '../../protocol/report.js';
import type { DeviceRow, HistoryRow, InstanceRow, LiveCell, OwnerRow } from '../../store/types.js';

export const START_MS = Date.UTC(2026, 5, 1);

/** A row as a vMD would store it. */
export function row(vehicle: string, seq: number, over: Partial<HistoryRow> = {}): HistoryRow {
  const { boot = 1, timeMs = START_MS + seq * 500 } = over;
  return {
    vehicle,
    boot,
    seq,
    timeMs,
    bytes: encodeReport({ vehicle, boot, seq, timeMs, samples: [{ name: 'spd', value: seq % 200, timeMs }] }),
    schema: REPORT_VERSION,
    receivedAtMs: timeMs + 20,
    ...over,
  };
}

export const cell = (signal: string, boot: number, seq: number, over: Partial<LiveCell> = {}): LiveCell => ({
  signal,
  boot,
  seq,
  value: seq,
  timeMs: START_MS + seq,
  receivedAtMs: START_MS + seq + 20,
  ...over,
});

export const device = (vehicle: string, number: number): DeviceRow => ({
  vehicle,
  number,
  key: number.toString(16).padStart(32, '0'),
  registeredAtMs: START_MS,
});

export const owner = (vehicle: string, epoch: number, over: Partial<OwnerRow> = {}): OwnerRow => ({
  vehicle,
  epoch,
  handover: `handover-${epoch}`,
  attempt: 0,
  host: 'edge-1/1',
  domain: 'edge-1',
  claimedAtMs: START_MS + epoch,
  ...over,
});

export const instance = (host: string): InstanceRow => ({
  host,
  domain: host.slice(0, host.indexOf('/')),
  address: '127.96.0.1',
  port: 5683,
  control: 'http://127.96.0.1:5684',
  pid: 17,
  startTicks: 4_711,
  state: 'running',
  startedAtMs: START_MS,
});

export async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const found1 of rows) found.push(found1);
  return found;
}
