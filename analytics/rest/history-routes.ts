import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { history, reportPage } from '../../protocol/api/analytics.js';
import { vehicleId } from '../../protocol/api/common.js';
import { route, type Route } from '../../protocol/api/route.js';
import { fault } from '../../protocol/errors.js';
import type { Report } from '../../protocol/report.js';
import { SIGNALS, type SignalRow } from '../../protocol/signals.js';
import { csvLines } from '../download/csv.js';
import { geoJson } from '../download/geojson.js';
import { gpx } from '../download/gpx.js';
import { localTime } from '../download/local-time.js';
import { wayPoints } from '../download/way-points.js';
import type { VehicleState } from '../live/vehicle-state.js';
import { readHistory } from '../query/history.js';
import { readReport } from '../query/read-report.js';
import { readReportPage } from '../query/report-pages.js';
import { countOf, moment, signalRows } from './query-values.js';
import type { RouteDeps } from './route-deps.js';

const HISTORY_MS = 600_000;
const DOWNLOAD_MS = 86_400_000;
/** Downloads at once; each reads the store as fast as its reader takes it. */
const MAX_DOWNLOADS = 16;
/** Lines go out in pieces of about this size. */
const CHUNK_CHARS = 32_768;

const ofVehicle = z.strictObject({ vehicle: vehicleId });
const span = { from: moment.optional(), to: moment.optional() };
const ERRORS = ['VEHICLE_UNKNOWN', 'SIGNAL_UNKNOWN', 'STORE_FAILED'] as const;

/** What was: series, reports in pages, downloads. */
export function historyRoutes(deps: RouteDeps): Route[] {
  const { fleet, clock, reader } = deps;
  let downloads = 0;

  const known = (vehicle: string): VehicleState => {
    const state = fleet.vehicles.get(vehicle);
    if (state === undefined) throw fault('VEHICLE_UNKNOWN', vehicle);
    return state;
  };
  const spanOf = (query: { from?: number | undefined; to?: number | undefined }, widthMs: number) => {
    const toMs = query.to ?? clock.nowMs();
    const fromMs = query.from ?? toMs - widthMs;
    if (fromMs > toMs) throw fault('REQUEST_INVALID', 'query: from is later than to');
    return { fromMs, toMs };
  };

  async function* reportsOf(
    vehicle: string,
    { fromMs, toMs }: { fromMs: number; toMs: number },
  ): AsyncGenerator<Report> {
    for await (const row of deps.store.history(vehicle, { fromMs, toMs: toMs + 1 })) {
      const report = readReport(row);
      if (report !== undefined) yield fleet.vehicles.get(vehicle)?.corrections.corrected(report) ?? report;
    }
  }

  /** Sends lines as they are made: what the reader has not taken is not read from the store either. */
  async function send<T>(
    reply: FastifyReply,
    file: { readonly media: string; readonly name: string },
    reports: AsyncGenerator<T>,
    linesOf: (reports: AsyncIterable<T>) => AsyncGenerator<string>,
  ): Promise<void> {
    if (downloads >= MAX_DOWNLOADS) throw fault('READERS_FULL', `${MAX_DOWNLOADS} downloads are under way`);
    downloads++;
    let open: AsyncGenerator<T>;
    try {
      open = await begun(reports);
    } catch (error) {
      downloads--;
      throw error;
    }
    const body = Readable.from(chunks(linesOf(open)), { objectMode: false, highWaterMark: CHUNK_CHARS });
    body.once('close', () => downloads--);
    await reply
      .header('content-type', file.media)
      .header('content-disposition', `attachment; filename="${file.name}"`)
      .send(body);
  }

  const download = <Q extends { from?: number | undefined; to?: number | undefined }>(row: {
    readonly ending: string;
    readonly media: string;
    readonly summary: string;
    readonly query: z.ZodType<Q>;
    readonly linesOf: (state: VehicleState, query: Q) => (reports: AsyncIterable<Report>) => AsyncGenerator<string>;
  }): Route =>
    route({
      method: 'GET',
      path: `/v1/vehicles/{vehicle}/history.${row.ending}`,
      summary: row.summary,
      params: ofVehicle,
      query: row.query,
      raw: true,
      media: row.media,
      errors: [...ERRORS, 'READERS_FULL'],
      handle: async ({ params, query, reply }) => {
        const state = known(params.vehicle);
        const { fromMs, toMs } = spanOf(query, DOWNLOAD_MS);
        const day = new Date(fromMs).toISOString().slice(0, 10);
        const file = { media: row.media, name: `${state.vehicle}-${day}.${row.ending}` };
        const linesOf = row.linesOf(state, query);
        await send(reply, file, reportsOf(state.vehicle, { fromMs, toMs }), linesOf);
      },
    });

  const wayDownload = (
    ending: string,
    media: string,
    lines: (vehicle: string, points: ReturnType<typeof wayPoints>) => AsyncGenerator<string>,
  ): Route =>
    download({
      ...{ ending, media, summary: `the way of a vehicle as ${ending === 'gpx' ? 'GPX 1.1' : 'GeoJSON'}` },
      query: z.strictObject(span),
      linesOf:
        ({ vehicle }) =>
        reports =>
          lines(vehicle, wayPoints(reports)),
    });

  return [
    route({
      method: 'GET',
      path: '/v1/vehicles/{vehicle}/history',
      summary: 'past values; gaps stay gaps, peaks stay peaks',
      params: ofVehicle,
      query: z.strictObject({ ...span, signals: z.string().optional(), limit: countOf(2, 10_000, 600) }),
      answer: history,
      errors: ERRORS,
      handle: ({ params, query }) => {
        const { vehicle } = known(params.vehicle);
        const paper = SIGNALS.filter(row => row.paper);
        const rows = query.signals === undefined ? paper : signalRows(query.signals);
        return readHistory(reader, { vehicle, rows, ...spanOf(query, HISTORY_MS), limit: query.limit });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/vehicles/{vehicle}/reports',
      summary: 'reports as they are stored, in pages',
      params: ofVehicle,
      query: z.strictObject({
        ...span,
        limit: countOf(1, 1_000, 100),
        order: z.enum(['oldest', 'newest']).default('newest'),
        cursor: z.string().max(64).optional(),
      }),
      answer: reportPage,
      errors: ERRORS,
      handle: ({ params, query }) => {
        const { vehicle } = known(params.vehicle);
        const { limit, cursor, order } = query;
        const within = { fromMs: query.from ?? 0, toMs: query.to ?? clock.nowMs() + DOWNLOAD_MS };
        return readReportPage(deps.store, { vehicle, ...within, limit, cursor, newestFirst: order === 'newest' });
      },
    }),
    download({
      ending: 'csv',
      media: 'text/csv; charset=utf-8; header=present',
      summary: 'reports of a vehicle as CSV: a line per report, a column per signal',
      query: z.strictObject({ ...span, signals: z.string().optional(), tz: z.string().max(64).default('UTC') }),
      linesOf(state, { signals, tz }) {
        const [columns, timeText] = [columnsOf(state, signals), localTime(tz)];
        return reports => csvLines(reports, columns, timeText);
      },
    }),
    wayDownload('geojson', 'application/geo+json', geoJson),
    wayDownload('gpx', 'application/gpx+xml', gpx),
  ];
}

/** Signals of a table: those that are named, or all that the vehicle was ever heard with. */
const columnsOf = (state: VehicleState, signals: string | undefined): readonly SignalRow[] =>
  signals === undefined ? SIGNALS.filter(({ wire }) => state.cells.has(wire)) : signalRows(signals);

/** Reads the first: what fails before it is an answer of its own, not half a file. */
async function begun<T>(all: AsyncGenerator<T>): Promise<AsyncGenerator<T>> {
  const first = await all.next();
  return (async function* () {
    try {
      if (!first.done) yield first.value;
      yield* all;
    } finally {
      await all.return(undefined);
    }
  })();
}

async function* chunks(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let text = '';
  for await (const line of lines) {
    text += line;
    if (text.length < CHUNK_CHARS) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}
