import type { Clock } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { FORMAT, type CoapRequest, type CoapResponse, type Exchange, type Peer } from '../../protocol/coap/types.js';
import type { MetricName } from '../../protocol/metrics.js';
import { decodeReport, REPORT_VERSION, type Report } from '../../protocol/report.js';
import { liveFromReport } from '../../store/join.js';
import type { HistoryRow, LiveCell, TwinStore } from '../../store/types.js';
import { refusal } from '../refusal.js';
import { GroupCommit } from './group-commit.js';
import type { KnownVehicles } from './known-vehicles.js';
import { answerOf, flagsOf } from './remarks.js';

/** A report that is durable in this domain. */
export interface StoredReport {
  readonly row: HistoryRow;
  readonly cells: readonly LiveCell[];
}

interface Waiting extends StoredReport {
  readonly answer: CoapResponse;
  settle(response: CoapResponse): void;
}

const VERSION_QUERY = `v=${REPORT_VERSION}`;

export interface IngestDeps {
  readonly store: Pick<TwinStore, 'append' | 'appendsAtOnce'>;
  readonly vehicles: KnownVehicles;
  readonly clock: Clock;
  readonly metrics: Metrics<MetricName>;
  readonly log: Log;
  /** Reports that wait for the disk, at most; beyond it they are answered 5.03. */
  readonly queueMax: number;
  /** Called for each report that could be read, and where it came from, before it is stored. */
  onRead?(report: Report, peer: Peer): void;
  /** Called for each report after its commit, before its answer leaves. */
  onStored(report: StoredReport): void;
}

/** POST /r?v=1: a report is answered 2.04 once it is durable, not before (DESIGN §7). */
export class Ingest {
  readonly #deps: IngestDeps;
  readonly #commit: GroupCommit<Waiting>;

  constructor(deps: IngestDeps) {
    this.#deps = deps;
    this.#commit = new GroupCommit<Waiting>({
      limit: deps.queueMax,
      inFlight: deps.store.appendsAtOnce,
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
    if (request.contentFormat !== undefined && request.contentFormat !== FORMAT.senmlCbor)
      return this.#refuse('malformed', '4.15', `REPORT_MALFORMED: content format ${request.contentFormat} is not 112`);
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
    let report: Report;
    const bytes = request.payload ?? new Uint8Array();
    try {
      report = decodeReport(bytes);
    } catch (error) {
      const tooLarge = codeOf(error) === 'REPORT_TOO_LARGE';
      return this.#refuse(tooLarge ? 'too-large' : 'malformed', tooLarge ? '4.13' : '4.00', messageOf(error));
    }
    if (report.vehicle !== vehicle)
      return this.#refuse('mismatch', '4.03', `VEHICLE_MISMATCH: ${report.vehicle} does not have this address`);
    this.#deps.onRead?.(report, peer);
    const receivedAtMs = this.#deps.clock.nowMs();
    const cells = liveFromReport(report, receivedAtMs, receivedAtMs);
    const { boot, seq, timeMs } = report;
    const row: HistoryRow = { vehicle, boot, seq, timeMs, bytes, schema: REPORT_VERSION, receivedAtMs };
    const flags = flagsOf(report, cells);
    for (const [reason, count] of flags.counts) this.#deps.metrics.count('vmd_flagged_total', { reason }, count);
    return new Promise(settle => {
      if (!this.#commit.push({ row, cells, answer: answerOf(flags), settle }))
        settle(this.#refuse('busy', '5.03', `STORE_FAILED: ${this.#commit.depth} reports wait for the disk`, 1));
    });
  }

  #onDurable(batch: readonly Waiting[]): void {
    this.#deps.metrics.count('vmd_reports_total', { result: 'stored' }, batch.length);
    for (const waiting of batch) {
      this.#deps.onStored(waiting);
      waiting.settle(waiting.answer);
    }
  }

  #onFailed(batch: readonly Waiting[], error: unknown): void {
    this.#deps.metrics.count('vmd_reports_total', { result: 'failed' }, batch.length);
    this.#deps.log.error({ event: 'vmd.commit.failed', reports: batch.length, error: messageOf(error) });
    const answer = refusal('5.03', messageOf(error), 1);
    for (const { settle } of batch) settle(answer);
  }

  #refuse(result: string, code: string, words: string, maxAgeS?: number): CoapResponse {
    this.#deps.metrics.count('vmd_reports_total', { result });
    return refusal(code, words, maxAgeS);
  }
}
