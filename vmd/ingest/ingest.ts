import type { Clock } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { FORMAT, type CoapRequest, type CoapResponse, type Exchange, type Peer } from '../../protocol/coap/types.js';
import type { MetricName } from '../../protocol/metrics.js';
import { splitBatch } from '../../protocol/report-batch.js';
import { decodeReport, META, REPORT_VERSION, type Report } from '../../protocol/report.js';
import { decodeReported, type DesiredSettings, type ReportedSettings } from '../../protocol/settings.js';
import { liveFromReport } from '../../store/join.js';
import type { HistoryRow, LiveCell, TwinStore } from '../../store/types.js';
import { TwinLimits } from '../limits/twin-limits.js';
import { refusal } from '../refusal.js';
import { GroupCommit } from './group-commit.js';
import type { KnownVehicles } from './known-vehicles.js';
import { answerOf, flagsOf, joinFlags, type Flags } from './remarks.js';

/** A report that is durable in this domain. */
export interface StoredReport {
  readonly row: HistoryRow;
  readonly cells: readonly LiveCell[];
  /** What its device says in it of the settings that it was told. */
  readonly reported?: ReportedSettings;
}

/** A report that was read, with its remarks. */
interface Taken extends StoredReport {
  readonly report: Report;
  readonly flags: Flags;
}

interface Waiting extends Taken {
  /** Durable, or refused with this. */
  settle(refused: CoapResponse | undefined): void;
}

const VERSION_QUERY = `v=${REPORT_VERSION}`;

const SAY_EVERY_MS = 1_000;

export interface IngestDeps {
  readonly store: Pick<TwinStore, 'append' | 'appendsAtOnce' | 'rowsAnAppend'>;
  readonly vehicles: KnownVehicles;
  readonly clock: Clock;
  readonly metrics: Metrics<MetricName>;
  readonly log: Log;
  /** Reports that wait for the disk, at most; beyond it they are answered 5.03. */
  readonly queueMax: number;
  /** What one vehicle may send. */
  readonly limits?: Pick<TwinLimits, 'admit'>;
  /** Called for each report that could be read, and where it came from, before it is stored. */
  onRead?(report: Report, peer: Peer): void;
  /** Called for each report after its commit, before its answer leaves. */
  onStored(report: StoredReport): void;
  /** What the device of a vehicle is to be told with an acknowledgement that leaves now. */
  settingsFor?(vehicle: string): DesiredSettings | undefined;
}

/** POST /r?v=1: a report, or a batch of them, is answered 2.04 once it is durable, not before (DESIGN §7). */
export class Ingest {
  readonly #deps: IngestDeps;
  readonly #commit: GroupCommit<Waiting>;
  /** Reports that failed and that no line of the log tells of yet. */
  #unsaid = 0;
  /** Monotonic; no line of the log before. */
  #sayAgainMs = -Infinity;

  constructor(deps: IngestDeps) {
    this.#deps = deps;
    this.#commit = new GroupCommit<Waiting>({
      limit: deps.queueMax,
      inFlight: deps.store.appendsAtOnce,
      size: deps.store.rowsAnAppend,
      clock: deps.clock,
      write: batch => deps.store.append(batch.map(({ row }) => row)),
      onDurable: batch => this.#onDurable(batch),
      onFailed: (batch, error) => this.#onFailed(batch, error),
    });
  }

  get depth(): number {
    return this.#commit.depth;
  }

  get stalledMs(): number {
    return this.#commit.stalledMs;
  }

  /** Resolves once every report taken so far is durable and answered. */
  flushed(): Promise<void> {
    return this.#commit.flushed();
  }

  handle(request: CoapRequest, { peer }: Exchange): CoapResponse | Promise<CoapResponse> {
    if (request.query?.includes(VERSION_QUERY) !== true)
      return this.#refuse('malformed', '4.00', `REPORT_MALFORMED: ${VERSION_QUERY} is the only version`);
    const { contentFormat = FORMAT.senmlCbor } = request;
    if (contentFormat !== FORMAT.senmlCbor && contentFormat !== FORMAT.cborSeq)
      return this.#refuse('malformed', '4.15', `REPORT_MALFORMED: content format ${contentFormat} is not 112 or 63`);
    const vehicle = this.#deps.vehicles.atAddress(peer.address);
    if (vehicle !== undefined) return this.#take(request, peer, vehicle);
    return this.#deps.vehicles.find(peer.address).then(
      found =>
        found === undefined
          ? this.#refuse('unknown', '4.03', 'VEHICLE_UNKNOWN: no registered vehicle has this address')
          : this.#take(request, peer, found),
      (error: unknown) => this.#refuse('failed', '5.03', messageOf(error), 1),
    );
  }

  #take(request: CoapRequest, peer: Peer, vehicle: string): CoapResponse | Promise<CoapResponse> {
    const bytes = request.payload ?? new Uint8Array();
    // Before anything is read: it costs the others least.
    const over = this.#overLimit(vehicle, peer, 1, bytes.length);
    if (over !== undefined) return over;
    if (request.contentFormat === FORMAT.cborSeq) return this.#takeBatch(bytes, peer, vehicle);
    const taken = this.#read(bytes, vehicle);
    if ('code' in taken) return taken;
    return new Promise(settle =>
      this.#store(taken, peer, refused => settle(refused ?? this.#answer(vehicle, taken.flags))),
    );
  }

  /** All of them or none: what is stored before another of them is refused comes again and changes nothing. */
  async #takeBatch(bytes: Uint8Array, peer: Peer, vehicle: string): Promise<CoapResponse> {
    const all: Taken[] = [];
    try {
      const reports = splitBatch(bytes);
      const over = this.#overLimit(vehicle, peer, reports.length - 1, 0);
      if (over !== undefined) return over;
      for (const one of reports) {
        const taken = this.#read(one, vehicle);
        if ('code' in taken) return taken;
        all.push(taken);
      }
    } catch (error) {
      return this.#unreadable(error);
    }
    const ends = all.map(taken => new Promise<CoapResponse | undefined>(settle => this.#store(taken, peer, settle)));
    const refused = (await Promise.all(ends)).find(end => end !== undefined);
    return refused ?? this.#answer(vehicle, joinFlags(all.map(({ flags }) => flags)));
  }

  #read(bytes: Uint8Array, vehicle: string): Taken | CoapResponse {
    let report: Report;
    try {
      report = decodeReport(bytes);
    } catch (error) {
      return this.#unreadable(error);
    }
    if (report.vehicle !== vehicle)
      return this.#refuse('mismatch', '4.03', `VEHICLE_MISMATCH: ${report.vehicle} does not have this address`);
    const receivedAtMs = this.#deps.clock.nowMs();
    const cells = liveFromReport(report, receivedAtMs, receivedAtMs);
    const { boot, seq, timeMs } = report;
    const row: HistoryRow = { vehicle, boot, seq, timeMs, bytes, schema: REPORT_VERSION, receivedAtMs };
    const reported = cells.length === report.samples.length ? undefined : reportedIn(report);
    const flags = flagsOf(report, cells);
    return { report, row, cells, flags, ...(reported === undefined ? {} : { reported }) };
  }

  #store(taken: Taken, peer: Peer, settle: Waiting['settle']): void {
    this.#deps.onRead?.(taken.report, peer);
    for (const [reason, count] of taken.flags.counts) this.#deps.metrics.count('vmd_flagged_total', { reason }, count);
    if (!this.#commit.push({ ...taken, settle }))
      settle(this.#refuse('busy', '5.03', `STORE_FAILED: ${this.#commit.depth} reports wait for the disk`, 1));
  }

  #answer(vehicle: string, flags: Flags): CoapResponse {
    return answerOf(flags, this.#deps.settingsFor?.(vehicle));
  }

  #overLimit(vehicle: string, peer: Peer, reports: number, bytes: number): CoapResponse | undefined {
    const later = this.#deps.limits?.admit(TwinLimits.shareOf(vehicle, peer), reports, bytes);
    if (later === undefined) return undefined;
    return this.#refuse('limited', '4.29', `TWIN_LIMIT: ${vehicle} sends more than its share`, later.retryS);
  }

  #unreadable(error: unknown): CoapResponse {
    const tooLarge = codeOf(error) === 'REPORT_TOO_LARGE';
    return this.#refuse(tooLarge ? 'too-large' : 'malformed', tooLarge ? '4.13' : '4.00', messageOf(error));
  }

  #onDurable(batch: readonly Waiting[]): void {
    const { metrics, clock, onStored } = this.#deps;
    metrics.count('vmd_reports_total', { result: 'stored' }, batch.length);
    for (const waiting of batch) {
      onStored(waiting);
      waiting.settle(undefined);
    }
    const nowMs = clock.nowMs();
    for (const { row, cells } of batch)
      if (cells[0]?.suspect !== true)
        metrics.observe('vmd_report_age_seconds', Math.max(0, nowMs - row.timeMs) / 1_000);
  }

  #onFailed(batch: readonly Waiting[], error: unknown): void {
    this.#deps.metrics.count('vmd_reports_total', { result: 'failed' }, batch.length);
    this.#sayFailed(batch.length, error);
    const answer = refusal('5.03', messageOf(error), 1);
    for (const { settle } of batch) settle(answer);
  }

  /** At once, and while it goes on now and then: where each report is a write of its own, all of them fail together. */
  #sayFailed(reports: number, error: unknown): void {
    this.#unsaid += reports;
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs < this.#sayAgainMs) return;
    this.#deps.log.error({ event: 'vmd.commit.failed', reports: this.#unsaid, error: messageOf(error) });
    this.#unsaid = 0;
    this.#sayAgainMs = nowMs + SAY_EVERY_MS;
  }

  #refuse(result: string, code: string, words: string, maxAgeS?: number): CoapResponse {
    this.#deps.metrics.count('vmd_reports_total', { result });
    return refusal(code, words, maxAgeS);
  }
}

function reportedIn({ samples }: Report): ReportedSettings | undefined {
  const found = samples.find(({ name }) => name === META.settings);
  return found === undefined ? undefined : decodeReported(found.value);
}
