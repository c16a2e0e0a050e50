import type { HandoverRecord } from '../../protocol/api/md-manager.js';
import type { Topology } from '../../protocol/topology.js';
import { liveFromReport } from '../../store/join.js';
import type { TwinStore } from '../../store/types.js';
import { handoverOf, vehicleOf, type FakeManager } from './fake-manager.js';
import { reportOf, rowOf, type DriveSecond } from './recorded-reports.js';

/** A fleet that drives one recording, cars behind one another, with access points along the way. */
export interface RecordedFleet {
  readonly topology: Topology;
  /** Stores what the cars reported in the `pastS` seconds before `nowMs`; tells the manager who serves, and the moves. */
  seed(store: TwinStore, manager: FakeManager, nowMs: number, pastS: number): Promise<void>;
  /** The reports of one more second. */
  step(store: TwinStore, nowMs: number): Promise<void>;
}

const METRES_PER_DEGREE = 111_320;
const POINTS_APART_M = 900;

export function recordedFleet(drive: readonly DriveSecond[], cars: number, gapS: number): RecordedFleet {
  const points = accessPoints(drive);
  const topology: Topology = {
    domains: ['core', 'edge-1', 'edge-2'],
    switches: [
      {
        datapath: 1,
        ports: points.map(({ id, domain }, i) => ({ port: i + 1, role: 'access' as const, domain, accessPoint: id })),
      },
    ],
    accessPoints: points,
  };
  const seqs = new Map<string, number>();
  const aheadOf = (car: number): number => (cars - 1 - car) * gapS;
  let doneS = 0;

  async function put(store: TwinStore, car: number, atS: number, timeMs: number): Promise<void> {
    const vehicle = `car-${car + 1}`;
    const second = drive.find(row => row.atS === atS);
    if (second === undefined) return;
    const seq = (seqs.get(vehicle) ?? 0) + 1;
    seqs.set(vehicle, seq);
    const report = reportOf(vehicle, second, seq, timeMs);
    await Promise.all([
      store.append([rowOf(report)]),
      store.putLive(vehicle, liveFromReport(report, timeMs + 40, timeMs + 60)),
    ]);
  }

  return {
    topology,
    async seed(store, manager, nowMs, pastS) {
      const handovers: HandoverRecord[] = [];
      const writes: Promise<void>[] = [];
      for (let car = 0; car < cars; car++) {
        let serving: string | undefined;
        let moves = 0;
        for (let s = 0; s <= pastS; s++) {
          const atS = s - (cars - 1) * gapS + aheadOf(car);
          const timeMs = nowMs - (pastS - s) * 1_000;
          writes.push(put(store, car, atS, timeMs));
          const here = drive.find(row => row.atS === atS);
          const next = here === undefined ? undefined : nearest(points, here).domain;
          if (next === undefined || next === serving) continue;
          const first = serving === undefined;
          const jitter = 1 + ((car * 7 + moves * 3) % 11) / 14;
          const record = handoverOf({
            id: `h-${car + 1}-${++moves}`,
            vehicle: `car-${car + 1}`,
            kind: first ? 'first' : 'move',
            startedAtMs: timeMs + 130,
            fromDomain: serving ?? 'core',
            toDomain: next,
            toHost: `${next}/1`,
            epoch: moves,
          });
          const zero = record.phases.detected ?? 0;
          const phases = Object.fromEntries(
            Object.entries(record.phases).map(([phase, at]) => [phase, zero + (at - zero) * jitter]),
          );
          handovers.push({ ...record, phases });
          serving = next;
        }
        const domain = serving ?? 'core';
        const acting = { host: `${domain}/1`, domain, epoch: moves };
        manager.vehicles.push(vehicleOf(`car-${car + 1}`, { number: car + 1, acting, highestEpoch: moves }));
      }
      await Promise.all(writes);
      doneS = pastS;
      manager.handovers = handovers.sort((a, b) => b.startedAtMs - a.startedAtMs);
      const completed = handovers.filter(({ kind }) => kind === 'move').length;
      manager.counts = { running: 0, completed, failed: 0, cancelled: 0, first: cars, sameDomain: 0, hostLost: 0 };
    },
    async step(store, nowMs) {
      doneS++;
      const all = Array.from({ length: cars }, (_, car) =>
        put(store, car, doneS - (cars - 1) * gapS + aheadOf(car), nowMs),
      );
      await Promise.all(all);
    },
  };
}

type Place = Pick<DriveSecond, 'latitude' | 'longitude'>;

function metresBetween(a: Place, b: Place): number {
  const east = (a.longitude - b.longitude) * Math.cos((a.latitude * Math.PI) / 180);
  return Math.hypot(a.latitude - b.latitude, east) * METRES_PER_DEGREE;
}

function accessPoints(drive: readonly DriveSecond[]): Topology['accessPoints'] {
  const points: Topology['accessPoints'] = [];
  for (const { latitude, longitude } of drive) {
    if (points.some(point => metresBetween(point, { latitude, longitude }) < POINTS_APART_M)) continue;
    const n = points.length + 1;
    points.push({ id: `ap-${n}`, domain: n % 2 === 1 ? 'edge-1' : 'edge-2', latitude, longitude, rangeM: 620 });
  }
  return points;
}

const nearest = (points: Topology['accessPoints'], place: Place): Topology['accessPoints'][number] =>
  points.reduce((best, point) => (metresBetween(point, place) < metresBetween(best, place) ? point : best));
