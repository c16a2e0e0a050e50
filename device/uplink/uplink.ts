import type { Clock, Timers } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { Registration } from '../../protocol/api/md-manager.js';
import { FORMAT, type CoapEndpoint, type CoapResponse, type Peer } from '../../protocol/coap/types.js';
import type { MetricName } from '../../protocol/metrics.js';
import { REPORT_VERSION } from '../../protocol/report.js';
import { Contact } from './contact.js';
import { idOf } from './key-set.js';
import type { Outbox } from './outbox.js';
import type { SendableReport } from './outbox-options.js';
import type { Key } from './records.js';
import type { Watched } from './registration.js';
import type { RejectedFile } from './rejected-file.js';
import type { RoundTrip } from './round-trip.js';
import { Sender, type SenderEffect } from './sender.js';
import { twinPeer, type UplinkFamily } from './twin-address.js';
import type { Witness } from './witness.js';

export interface UplinkOptions {
  readonly vehicle: string;
  readonly endpoint: Pick<CoapEndpoint, 'request'>;
  /** By which address of the twin; that of the endpoint. Default IPv4. */
  readonly family?: UplinkFamily;
  readonly outbox: Outbox;
  readonly rejected: RejectedFile;
  readonly witness: Witness;
  readonly parallel: number;
  readonly roundTrip: RoundTrip;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** A report is live, and goes before the backlog, for this long. */
  readonly liveMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

/** RFC 7252 §5.10.5: Max-Age is 60 s where it is not given; too long to keep reports back. */
const BUSY_DEFAULT_S = 2;
const BUSY_MAX_S = 60;
const BUSY_JITTER = 0.5;

interface Running {
  readonly bytes: Uint8Array;
  readonly fromMs: number;
  transmissions: number;
  /** When the exchange that is under way began, and how often it was transmitted. */
  sentAtMs: number;
  copies: number;
  retransmit: (() => void) | undefined;
}

/** Sends what the outbox offers to the twin, and tells it what became of it. */
export class Uplink implements AsyncDisposable {
  readonly #options: UplinkOptions;
  readonly #sender: Sender;
  readonly #reports = new Map<string, Running>();
  readonly #stop = new AbortController();
  readonly #contact: Contact;
  readonly #exchanges = new Set<Promise<void>>();
  #twin: Peer | undefined;
  #cancelWake: (() => void) | undefined;
  #recovered = true;
  #acknowledged = 0;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#sender = new Sender({ parallel: options.parallel, liveMs: options.liveMs });
    this.#contact = new Contact(options.clock.monotonicMs(), options.outbox.boot + 1, () => this.#sender.queued > 0);
  }

  /** Begins to send, to the twin address that the device keeps for life. */
  start(twin: Peer | undefined): void {
    this.#twin = twin;
    this.#options.outbox.listen({
      onSendable: reports => this.#offer(reports),
      onDropped: keys => {
        this.#options.metrics.count('agent_reports_total', { result: 'dropped' }, keys.length);
        for (const key of keys) this.#reports.delete(idOf(key));
        this.#perform(this.#sender.dropped(keys, this.#now()));
      },
    });
    this.#recovered = false;
  }

  #offer(reports: readonly SendableReport[]): void {
    for (const { key, bytes } of reports)
      this.#reports.set(idOf(key), {
        bytes,
        fromMs: this.#now(),
        transmissions: 0,
        sentAtMs: 0,
        copies: 0,
        retransmit: undefined,
      });
    const keys = reports.map(report => report.key);
    this.#perform(this.#sender.accepted(keys, !this.#recovered, this.#now()));
  }

  #perform(effects: readonly SenderEffect[]): void {
    for (const effect of effects) {
      switch (effect.do) {
        case 'send':
          this.#send(effect.key);
          break;
        case 'retransmit':
          this.#reports.get(idOf(effect.key))?.retransmit?.();
          break;
        case 'register':
          this.#contact.demand();
          break;
        case 'wake': {
          this.#cancelWake?.();
          const waitMs = Math.max(0, effect.atMs - this.#now());
          this.#cancelWake = this.#options.timers.after(waitMs, () => this.#perform(this.#sender.tick(this.#now())));
          break;
        }
      }
    }
  }

  #send(key: Key): void {
    const report = this.#reports.get(idOf(key));
    if (report === undefined || this.#twin === undefined || this.#stop.signal.aborted) return;
    const { endpoint, roundTrip } = this.#options;
    report.sentAtMs = this.#now();
    report.copies = 0;
    const exchange = endpoint
      .request(
        this.#twin,
        {
          method: 'POST',
          path: ['r'],
          query: [`v=${REPORT_VERSION}`],
          payload: report.bytes,
          contentFormat: FORMAT.senmlCbor,
        },
        {
          confirmable: true,
          timeoutMs: roundTrip.answerMs,
          ackTimeoutMs: roundTrip.ackTimeoutMs(this.#now()),
          signal: this.#stop.signal,
          onTransmit: () => this.#transmitted(report),
          onOpen: running => {
            report.retransmit = () => running.retransmit();
          },
        },
      )
      .then(
        response => this.#answered(key, report, response),
        (error: unknown) => this.#failed(key, error),
      )
      .catch((error: unknown) => {
        this.#options.log.error({ event: 'uplink.failed', code: codeOf(error), error: messageOf(error) });
        this.#perform(this.#sender.timedOut(key, this.#now()));
      })
      .finally(() => this.#exchanges.delete(exchange));
    this.#exchanges.add(exchange);
  }

  #transmitted(report: Running): void {
    report.transmissions++;
    report.copies++;
    if (report.transmissions === 1) return;
    this.#options.outbox.countResent();
    this.#options.metrics.count('agent_reports_total', { result: 'resent' });
  }

  async #answered(key: Key, report: Running, response: CoapResponse): Promise<void> {
    const { outbox, rejected, witness, vehicle, metrics, log, roundTrip, random } = this.#options;
    report.retransmit = undefined;
    switch (response.code) {
      case '2.04':
        this.#contact.heard(this.#now());
        roundTrip.answered(this.#now() - report.sentAtMs, report.copies, this.#now());
        // Effects first: what this acknowledgement overtook is repeated without waiting for any disk.
        this.#perform(this.#sender.acknowledged(key, this.#now()));
        this.#acknowledged++;
        metrics.count('agent_reports_total', { result: 'acknowledged' });
        metrics.observe('agent_report_seconds', (this.#now() - report.fromMs) / 1000);
        // The witness first: a report that it misses would have to be sent again.
        await witness.acknowledged(vehicle, key);
        outbox.acknowledge(key);
        this.#reports.delete(idOf(key));
        return;
      case '4.00':
      case '4.13':
        this.#contact.heard(this.#now());
        log.error({ event: 'uplink.rejected', ...key, code: response.code, say: text(response.payload) });
        metrics.count('agent_reports_total', { result: 'rejected' });
        await rejected.keep(key, report.bytes);
        outbox.reject(key);
        this.#reports.delete(idOf(key));
        this.#perform(this.#sender.dropped([key], this.#now()));
        return;
      case '4.03':
        log.warn({ event: 'uplink.unregistered', ...key, say: text(response.payload) });
        this.#perform(this.#sender.unregistered(key, this.#now()));
        return;
      default: {
        // 4.29 and 5.03 say how long (RFC 8516); anything else is a twin in trouble, and no reason to lose a report.
        metrics.count('agent_reports_total', { result: 'refused' });
        const waitS = Math.min(response.maxAgeS ?? BUSY_DEFAULT_S, BUSY_MAX_S);
        // Never before the time that was told; spread out after it, for all cars of a host were told the same.
        this.#perform(this.#sender.busy(key, waitS * 1000 * (1 + BUSY_JITTER * random()), this.#now()));
      }
    }
  }

  #failed(key: Key, error: unknown): void {
    const report = this.#reports.get(idOf(key));
    if (report !== undefined) report.retransmit = undefined;
    if (this.#stop.signal.aborted) return;
    const busy = codeOf(error) === 'COAP_BUSY';
    if (!busy) this.#options.roundTrip.timedOut();
    this.#perform(busy ? this.#sender.busy(key, 1_000, this.#now()) : this.#sender.timedOut(key, this.#now()));
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  /** What the registrar watches. */
  get watched(): Watched {
    return { ...this.#contact.watched, registered: found => this.registered(found) };
  }

  get status(): { twin: Peer | undefined; acknowledged: number; underWay: number; heardAtMs: number } {
    const { underWay } = this.#sender;
    return { twin: this.#twin, acknowledged: this.#acknowledged, underWay, heardAtMs: this.#contact.heardAtMs() };
  }

  registered(found: Registration): void {
    this.#contact.found(this.#now());
    this.#twin = twinPeer(found, this.#options.family ?? 'ipv4') ?? this.#twin;
    this.#perform(this.#sender.registered(this.#now()));
  }

  /** Stops sending; reports under way stay in the outbox. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#cancelWake?.();
    await Promise.all(this.#exchanges);
  }
}

const text = (payload: Uint8Array | undefined): string =>
  payload === undefined ? '' : Buffer.from(payload).toString('utf8').slice(0, 200);
