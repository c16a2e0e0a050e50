import { codeOf, messageOf } from '../../common/errors.js';
import type { Registration } from '../../protocol/api/md-manager.js';
import type { CoapResponse, Peer } from '../../protocol/coap/types.js';
import { Contact } from './contact.js';
import { idOf } from './key-set.js';
import type { SendableReport } from './outbox-options.js';
import type { Parcel } from './parcel.js';
import { Post } from './post.js';
import type { Key } from './key.js';
import type { Watched } from './registration.js';
import { settingsIn } from './remarks.js';
import { Sender, type SenderEffect, type SenderRules } from './sender.js';
import { twinPeer } from './twin-address.js';
import type { UplinkOptions, UplinkStatus } from './uplink-options.js';
import { busyMs, verdictOf } from './verdict.js';

interface Running {
  readonly bytes: Uint8Array;
  readonly fromMs: number;
  transmissions: number;
}

/** COAP_BUSY: too many exchanges of our own are open. */
const OWN_BUSY_MS = 1_000;

/** Sends what the outbox offers to the twin, and tells it what became of it. */
export class Uplink implements AsyncDisposable {
  readonly #options: UplinkOptions;
  readonly #sender: Sender;
  readonly #reports = new Map<string, Running>();
  readonly #posts = new Map<Parcel, Post>();
  readonly #stop = new AbortController();
  readonly #contact: Contact;
  readonly #exchanges = new Set<Promise<void>>();
  #twin: Peer | undefined;
  #cancelWake: (() => void) | undefined;
  #recovered = true;
  #acknowledged = 0;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#sender = new Sender(options);
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

  setRules(rules: Pick<SenderRules, 'batchMax' | 'liveMs'>): void {
    this.#sender.setRules(rules);
  }

  #offer(reports: readonly SendableReport[]): void {
    const fromMs = this.#now();
    for (const { key, bytes } of reports) this.#reports.set(idOf(key), { bytes, fromMs, transmissions: 0 });
    const sendable = reports.map(({ key, bytes }) => ({ key, length: bytes.length }));
    this.#perform(this.#sender.accepted(sendable, !this.#recovered, fromMs));
  }

  #perform(effects: readonly SenderEffect[]): void {
    for (const effect of effects) {
      switch (effect.do) {
        case 'send':
          this.#send(effect.parcel);
          break;
        case 'retransmit':
          this.#posts.get(effect.parcel)?.retransmit();
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

  #send(parcel: Parcel): void {
    const reports = this.#runningOf(parcel);
    if (reports.length === 0 || this.#twin === undefined || this.#stop.signal.aborted) return;
    const post = new Post(
      reports.map(({ bytes }) => bytes),
      { ...this.#options, signal: this.#stop.signal, onTransmit: () => reports.forEach(one => this.#transmitted(one)) },
    );
    this.#posts.set(parcel, post);
    const exchange = post
      .send(this.#twin)
      .then(
        response => this.#answered(parcel, response),
        (error: unknown) => this.#failed(parcel, error),
      )
      .catch((error: unknown) => {
        this.#options.log.error({ event: 'uplink.failed', code: codeOf(error), error: messageOf(error) });
        this.#perform(this.#sender.timedOut(parcel, this.#now()));
      })
      .finally(() => this.#exchanges.delete(exchange));
    this.#exchanges.add(exchange);
  }

  #runningOf({ keys }: Parcel): Running[] {
    return keys.flatMap(key => this.#reports.get(idOf(key)) ?? []);
  }

  #transmitted(report: Running): void {
    report.transmissions++;
    if (report.transmissions === 1) return;
    this.#options.outbox.countResent();
    this.#options.metrics.count('agent_reports_total', { result: 'resent' });
  }

  async #answered(parcel: Parcel, response: CoapResponse): Promise<void> {
    const { metrics, log, random } = this.#options;
    this.#posts.delete(parcel);
    const { keys } = parcel;
    const [key] = keys;
    const verdict = verdictOf(response, keys.length);
    switch (verdict) {
      case 'acknowledged':
        return this.#acknowledge(parcel, response);
      case 'rejected':
        return this.#reject(keys, response);
      case 'unregistered':
        log.warn({ event: 'uplink.unregistered', ...key, say: text(response.payload) });
        return this.#perform(this.#sender.unregistered(parcel, this.#now()));
      case 'unbatched':
      case 'parted':
        log.info({ event: 'uplink.batch-refused', ...key, reports: keys.length, code: response.code });
        return this.#perform(this.#sender[verdict](parcel, this.#now()));
      case 'busy':
        metrics.count('agent_reports_total', { result: 'refused' }, keys.length);
        return this.#perform(this.#sender.busy(parcel, busyMs(response, random()), this.#now()));
    }
  }

  async #acknowledge(parcel: Parcel, response: CoapResponse): Promise<void> {
    const { outbox, witness, vehicle, metrics, onSettings } = this.#options;
    const { keys } = parcel;
    const nowMs = this.#now();
    this.#contact.heard(nowMs);
    // Effects first: what this acknowledgement overtook is repeated without waiting for any disk.
    this.#perform(this.#sender.acknowledged(parcel, nowMs));
    this.#acknowledged += keys.length;
    metrics.count('agent_reports_total', { result: 'acknowledged' }, keys.length);
    metrics.observe('agent_batch_reports', keys.length);
    for (const { fromMs } of this.#runningOf(parcel)) metrics.observe('agent_report_seconds', (nowMs - fromMs) / 1000);
    const desired = settingsIn(response);
    if (desired !== undefined) onSettings?.(desired);
    for (const key of keys) {
      // The witness first: a report that it misses would have to be sent again.
      await witness.acknowledged(vehicle, key);
      outbox.acknowledge(key);
      this.#reports.delete(idOf(key));
    }
  }

  async #reject(keys: readonly Key[], { code, payload }: CoapResponse): Promise<void> {
    const { outbox, rejected, metrics, log } = this.#options;
    this.#contact.heard(this.#now());
    for (const key of keys) {
      const bytes = this.#reports.get(idOf(key))?.bytes;
      log.error({ event: 'uplink.rejected', ...key, code, say: text(payload) });
      metrics.count('agent_reports_total', { result: 'rejected' });
      if (bytes !== undefined) await rejected.keep(key, bytes);
      outbox.reject(key);
      this.#reports.delete(idOf(key));
    }
    this.#perform(this.#sender.dropped(keys, this.#now()));
  }

  #failed(parcel: Parcel, error: unknown): void {
    this.#posts.delete(parcel);
    if (this.#stop.signal.aborted) return;
    if (codeOf(error) === 'COAP_BUSY') return this.#perform(this.#sender.busy(parcel, OWN_BUSY_MS, this.#now()));
    this.#options.roundTrip.timedOut();
    this.#perform(this.#sender.timedOut(parcel, this.#now()));
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  /** What the registrar watches. */
  get watched(): Watched {
    return { ...this.#contact.watched, registered: found => this.registered(found) };
  }

  get status(): UplinkStatus {
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
