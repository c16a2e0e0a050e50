import { z } from 'zod';
import { signalRead, signalReads, type SignalReads } from '../../protocol/api/analytics.js';
import { vehicleId } from '../../protocol/api/common.js';
import { route, type Route } from '../../protocol/api/route.js';
import { fault } from '../../protocol/errors.js';
import { SIGNALS } from '../../protocol/signals.js';
import { joinCells } from '../../store/join.js';
import type { LiveCell } from '../../store/types.js';
import { forEachAtOnce } from '../query/at-once.js';
import { Silence } from '../query/silence.js';
import { problemOf, readSignal, type ReadDeps } from '../query/three-level-read.js';
import { countOf, flag, secondsAsMs, signalRows } from './query-values.js';
import type { RouteDeps } from './route-deps.js';

const TIMEOUT_MS = 2_000;
/** Values that one question may read. */
const MAX_READS = 20_000;
const READS_AT_ONCE = 256;

const options = { maxAge: secondsAsMs, timeout: countOf(1, 60_000, TIMEOUT_MS), explain: flag };
const byCommas = z.string().transform(text => text.split(','));
const ERRORS = ['SIGNAL_UNKNOWN', 'VEHICLE_UNKNOWN', 'STORE_FAILED'] as const;

interface Asked {
  readonly maxAge?: number | undefined;
  readonly timeout: number;
  readonly explain: boolean;
}

/** Reads through the three levels (DESIGN §8): of one signal, of several, of the fleet. */
export function readRoutes(deps: RouteDeps): Route[] {
  const { fleet, twin, clock, metrics } = deps;
  const silence = new Silence();
  const readDeps = (stored: ReadDeps['stored']): ReadDeps => ({
    ...{ clock, twin, silence, stored },
    complete: vehicle => (fleet.vehicles.get(vehicle)?.counts.awaited ?? 0) === 0,
    heardMs: vehicle => fleet.vehicles.get(vehicle)?.lastSampleMs(),
  });
  const held = (vehicle: string): readonly LiveCell[] => [...(fleet.vehicles.get(vehicle)?.cells.values() ?? [])];
  /** What was taken from history may be newer than the live cells, which lag by up to a second. */
  const cellsOf = async (vehicle: string): Promise<readonly LiveCell[]> =>
    joinCells(await deps.store.live(vehicle), held(vehicle));

  /** `asks` are in the order of the answer. Cells of a vehicle are read from the store once. */
  async function readMany(
    asks: readonly { readonly vehicle: string; readonly path: string }[],
    cells: (vehicle: string) => Promise<readonly LiveCell[]>,
    { maxAge, timeout, explain }: Asked,
  ): Promise<SignalReads> {
    const known = new Map<string, Promise<readonly LiveCell[]>>();
    const byWire = readDeps(async (vehicle, wire) => {
      const found = known.get(vehicle) ?? cells(vehicle);
      known.set(vehicle, found);
      return (await found).find(({ signal }) => signal === wire);
    });
    const answers: (SignalReads['reads'][number] | SignalReads['problems'][number])[] = [];
    const endMs = clock.monotonicMs() + timeout;
    await forEachAtOnce(asks, READS_AT_ONCE, async (ask, at) => {
      const timeoutMs = Math.max(1, Math.floor(endMs - clock.monotonicMs()));
      try {
        const { explain: why, ...answer } = await readSignal({ ...ask, maxAgeMs: maxAge, timeoutMs }, byWire);
        metrics.count('analytics_reads_total', { level: answer.level });
        answers[at] = explain ? { ...answer, explain: why } : answer;
      } catch (error) {
        answers[at] = problemOf(ask, error);
      }
    });
    const reads = answers.filter(answer => 'level' in answer);
    const problems = answers.filter(answer => 'problem' in answer);
    return { sources: fleet.sources(), reads, problems };
  }

  return [
    route({
      method: 'GET',
      path: '/v1/vehicles/{vehicle}/signals/{path}',
      summary: 'one signal through the three levels: store, twin, car',
      params: z.strictObject({ vehicle: vehicleId, path: z.string() }),
      query: z.strictObject(options),
      answer: signalRead,
      errors: [...ERRORS, 'SIGNAL_NO_VALUE', 'UPSTREAM_AWAY', 'COAP_TIMEOUT', 'DRAINING', 'DEADLINE'],
      handle: async ({ params, query }) => {
        const { explain, ...answer } = await readSignal(
          { ...params, maxAgeMs: query.maxAge, timeoutMs: query.timeout },
          readDeps(async (vehicle, wire) => (await cellsOf(vehicle)).find(({ signal }) => signal === wire)),
        );
        metrics.count('analytics_reads_total', { level: answer.level });
        return query.explain ? { ...answer, explain } : answer;
      },
    }),
    route({
      method: 'GET',
      path: '/v1/vehicles/{vehicle}/signals',
      summary: 'several signals of a vehicle through the three levels',
      params: z.strictObject({ vehicle: vehicleId }),
      query: z.strictObject({ ...options, paths: z.string().optional() }),
      answer: signalReads,
      errors: ERRORS,
      handle: async ({ params: { vehicle }, query }) => {
        if (!fleet.vehicles.has(vehicle)) throw fault('VEHICLE_UNKNOWN', vehicle);
        const rows = query.paths === undefined ? valued(held(vehicle)) : signalRows(query.paths);
        return readMany(
          rows.map(({ path }) => ({ vehicle, path })),
          cellsOf,
          query,
        );
      },
    }),
    route({
      method: 'GET',
      path: '/v1/fleet/signals',
      summary: 'signals of several vehicles, or of all, through the three levels',
      query: z.strictObject({ ...options, paths: z.string(), vehicles: byCommas.optional() }),
      answer: signalReads,
      errors: ERRORS,
      handle: async ({ query }) => {
        const rows = signalRows(query.paths);
        const vehicles = query.vehicles ?? fleet.summaries().map(({ vehicle }) => vehicle);
        const unknown = vehicles.filter(vehicle => !fleet.vehicles.has(vehicle));
        if (unknown.length > 0) throw fault('VEHICLE_UNKNOWN', unknown.join(', '));
        if (vehicles.length * rows.length > MAX_READS)
          throw fault('REQUEST_INVALID', `query: at most ${MAX_READS} values at once`);
        const asks = vehicles.flatMap(vehicle => rows.map(({ path }) => ({ vehicle, path })));
        // Without a maxAge what is known here will do: a fleet is not read from the store for each reader.
        const cells = query.maxAge === undefined ? (vehicle: string) => Promise.resolve(held(vehicle)) : cellsOf;
        return readMany(asks, cells, query);
      },
    }),
  ];
}

const valued = (cells: readonly LiveCell[]) => {
  const wires = new Set(cells.map(({ signal }) => signal));
  return SIGNALS.filter(({ wire }) => wires.has(wire));
};
