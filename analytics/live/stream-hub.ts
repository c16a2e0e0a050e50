import type { Timers } from '../../common/clock.js';
import { every } from '../../common/clock.js';
import type { Metrics } from '../../common/metrics.js';
import type { Resumed } from '../../protocol/api/analytics.js';
import { SseStream, eventText } from '../../protocol/api/sse.js';
import { fault } from '../../protocol/errors.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { FastifyReply } from 'fastify';
import type { FleetState, LiveEvent } from './fleet-state.js';
import { ReplayBuffer, type SentEvent } from './replay-buffer.js';

const MAX_READERS = 2_000;
/** A comment that often tells both ends, and what stands between them, that the stream is alive. */
const ALIVE_EVERY_MS = 15_000;

interface Reader {
  readonly stream: SseStream;
  readonly vehicle: string | undefined;
}

/** Sends what changes in a fleet to every reader of the stream. A slow reader is closed, never waited for. */
export class StreamHub {
  readonly #readers = new Set<Reader>();
  readonly #fleet: FleetState;
  readonly #metrics: Metrics<MetricName>;
  readonly #sent: ReplayBuffer;

  /** `run`: names this run of analytics, so that events of another one are not taken for ours. */
  constructor(fleet: FleetState, metrics: Metrics<MetricName>, run: string) {
    this.#fleet = fleet;
    this.#metrics = metrics;
    this.#sent = new ReplayBuffer(run);
    fleet.onEvent(event => this.#send(event));
  }

  /** Opens a reader, of one vehicle or of all; throws READERS_FULL. `lastEventId`: what it had last. */
  open(reply: FastifyReply, vehicle: string | undefined, lastEventId?: string): void {
    if (this.#readers.size >= MAX_READERS) throw fault('READERS_FULL', `${MAX_READERS} readers`);
    const reader: Reader = { stream: new SseStream(reply), vehicle };
    this.#welcome(reader, lastEventId);
    this.#readers.add(reader);
    this.#metrics.set('analytics_stream_readers', this.#readers.size);
    reader.stream.onClose(() => {
      this.#readers.delete(reader);
      this.#metrics.set('analytics_stream_readers', this.#readers.size);
    });
  }

  #welcome({ stream, vehicle }: Reader, lastEventId: string | undefined): void {
    const missed = lastEventId === undefined ? undefined : this.#sent.since(lastEventId);
    if (missed !== undefined && 'events' in missed) {
      const mine = missed.events.filter(event => concerns(event, vehicle));
      const resumed: Resumed = { replayed: true, events: mine.length };
      stream.begin(eventText('resumed', resumed) + mine.map(({ text }) => text).join(''));
      return;
    }
    if (missed !== undefined) {
      const resumed: Resumed = { replayed: false, events: 0, why: missed.why };
      stream.send('resumed', resumed);
    }
    stream.begin(eventText('fleet', this.#fleet.fleet(vehicle), this.#sent.lastId));
  }

  /** Keeps quiet streams open until the returned function is called. */
  start(timers: Timers): () => void {
    return every(timers, ALIVE_EVERY_MS, () => {
      for (const { stream } of this.#readers) stream.write(':\n\n');
    });
  }

  close(): void {
    for (const { stream } of this.#readers) stream.close();
  }

  #send({ event, data }: LiveEvent): void {
    this.#metrics.count('analytics_stream_events_total', { event });
    if (event === 'counts') {
      this.#metrics.set('analytics_reports_stored', data.reports.stored);
      this.#metrics.set('analytics_reports_lost', data.reports.lost);
    }
    const sent = this.#sent.add('vehicle' in data ? data.vehicle : undefined, id => eventText(event, data, id));
    for (const { stream, vehicle } of this.#readers) if (concerns(sent, vehicle)) stream.write(sent.text);
  }
}

/** What is about no vehicle is for all. */
const concerns = ({ about }: SentEvent, vehicle: string | undefined): boolean =>
  vehicle === undefined || about === undefined || about === vehicle;
