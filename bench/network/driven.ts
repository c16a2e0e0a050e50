import { quantilesOf } from '../../common/quantiles.js';
import { countRow, type BenchRow } from '../harness.js';
import { sightsOf, type CarLog } from './drive-log.js';
import type { Drops } from './drops.js';
import { AROUND_MS, gapsOf } from './losses.js';
import { answerTimesOf, countsOf, movesOf, type Move } from './moves.js';
import type { Captured } from './captures.js';
import type { Datagram } from './pcap.js';

/** What one row of the table is made from: logs of cars, and what the control plane says of their moves. Pure. */

/** A move as the control plane knows it. */
export interface Known {
  readonly car: string;
  /** The way it went; only moves of the case's own way are measured. */
  readonly way: string;
  /** When the app had the packet-in. */
  readonly detectedAtMs: number;
  /** Packet-in to confirmed flow, of each leg that there was. */
  readonly legsMs: { readonly reroute?: number; readonly redirect?: number };
}

export interface Driven {
  readonly case: string;
  readonly way: string;
  readonly logs: ReadonlyMap<string, CarLog>;
  readonly known: readonly Known[];
  readonly cpuIdle: number;
  /** Frames that a capture missed, checksum errors, cars' sockets that refused. */
  readonly faults: Readonly<Record<string, number>>;
  /** What the counters on the way of frames say of drops meanwhile. */
  readonly drops?: Drops;
}

/** The copy of a frame is told before its time stamp only by clocks that run apart: there is one here. */
const EARLY_MS = 1;

export function rowsOf({ case: name, way, logs, known, cpuIdle, faults, drops = {} }: Driven): BenchRow[] {
  const logged = [...logs].flatMap(([car, log]) =>
    movesOf(log).map((move, at, all) => ({ car, move, next: all[at + 1] })),
  );
  const moves = logged.map(({ car, move, next }) => ({
    move,
    known: known.find(
      row =>
        row.car === car &&
        row.detectedAtMs > move.atMs - EARLY_MS &&
        row.detectedAtMs < (next?.atMs ?? Infinity) - EARLY_MS,
    ),
  }));
  const movedAtMs = logged.map(({ move }) => move.atMs).sort((a, b) => a - b);
  const gaps = [...logs.values()].flatMap(log => gapsOf(log, movesOf(log), movedAtMs));
  const own = moves.filter(one => one.known?.way === way);
  const counts = [...logs.values()].map(countsOf);
  const sum = (pick: (one: (typeof counts)[number]) => number): number =>
    counts.reduce((all, one) => all + pick(one), 0);
  const timed = (metric: string, values: readonly (number | undefined)[]): BenchRow[] => {
    const found = values.filter(value => value !== undefined);
    return found.length === 0 ? [] : [{ case: name, metric, unit: 'ms', ...quantilesOf(found), cpuIdle }];
  };
  const of = (pick: (move: Move) => number | undefined): (number | undefined)[] => own.map(({ move }) => pick(move));
  const legs = own.map(one => one.known?.legsMs ?? {});
  const count = (metric: string, value: number): BenchRow => countRow(name, metric, value, cpuIdle);
  return [
    ...timed(
      'new port → old twin',
      of(move => move.toOldMs),
    ),
    ...timed(
      'new port → new twin',
      of(move => move.toNewMs),
    ),
    ...timed(
      'gap of the way back',
      of(move => move.wayBackGapMs),
    ),
    ...timed(
      'leg: new port → packet-in',
      own.map(({ move, known: seen }) => seen && seen.detectedAtMs - move.atMs),
    ),
    ...timed(
      'leg: re-route',
      legs.map(({ reroute }) => reroute),
    ),
    ...timed(
      'leg: redirect',
      legs.map(({ redirect }) => redirect),
    ),
    ...timed('control sum', legs.map(controlSum)),
    ...timed('host: frame → its answer', [...logs.values()].flatMap(answerTimesOf)),
    count(
      'answers misled',
      own.reduce((all, { move }) => all + move.misled, 0),
    ),
    count('hand-overs by another way', moves.length - own.length),
    count(
      'frames sent',
      sum(({ sent }) => sent),
    ),
    count(
      'frames lost',
      sum(({ lost }) => lost),
    ),
    count(
      'frames doubled',
      sum(({ doubled }) => doubled),
    ),
    count(
      'frames reordered',
      sum(({ reordered }) => reordered),
    ),
    count(
      'frames not answered',
      sum(({ unanswered }) => unanswered),
    ),
    count(
      'answers lost',
      sum(({ answersLost }) => answersLost),
    ),
    ...(gaps.length === 0
      ? []
      : [
          count('losses: gaps', gaps.length),
          count('losses: frames of the longest gap', Math.max(...gaps.map(({ frames }) => frames))),
          count(
            `losses: frames within ${AROUND_MS} ms of a move of their car`,
            gaps.reduce((all, gap) => all + ((gap.sinceOwnMoveMs ?? Infinity) < AROUND_MS ? gap.frames : 0), 0),
          ),
        ]),
    ...timed(
      'losses: from the last move of any car',
      gaps.map(({ sinceMoveMs }) => sinceMoveMs),
    ),
    ...timed(
      'losses: from the last move of the car',
      gaps.map(({ sinceOwnMoveMs }) => sinceOwnMoveMs),
    ),
    ...Object.entries(drops).map(([name, value]) => count(`dropped: ${name}`, value)),
    ...Object.entries(faults).map(([metric, value]) => count(metric, value)),
  ];
}

function controlSum({ reroute, redirect }: Known['legsMs']): number | undefined {
  return reroute === undefined && redirect === undefined ? undefined : (reroute ?? 0) + (redirect ?? 0);
}

export interface CarAddresses {
  readonly place: string;
  readonly twin: string;
  /** What hosts see it as. */
  readonly seenAs: string;
}

/** The log of a car from its own capture and those of all hosts; `hosts` is by place. */
export function logOf(car: CarAddresses, own: Captured, hosts: ReadonlyMap<string, Captured>): CarLog {
  const device = ({ device: found }: Datagram): string | undefined =>
    found === undefined ? undefined : own.devices.get(found.index);
  const mine = own.datagrams.filter(({ src, dst }) => src === car.twin || dst === car.twin);
  const atHosts = [...hosts].flatMap(([place, { datagrams }]) =>
    datagrams.filter(({ src, dst }) => src === car.seenAs || dst === car.seenAs).map(datagram => ({ place, datagram })),
  );
  atHosts.sort((a, b) => a.datagram.atMs - b.datagram.atMs);
  const places = new Map(atHosts.map(({ place, datagram }) => [datagram, place]));
  return {
    sent: sightsOf(mine, 'ping', one => (one.device?.outgoing === true ? device(one) : undefined)),
    answered: sightsOf(mine, 'answer', one => (one.device?.outgoing === false ? device(one) : undefined)),
    arrived: sightsOf(places.keys(), 'ping', one => places.get(one)),
    replied: sightsOf(places.keys(), 'answer', one => places.get(one)),
  };
}
