import type { Metrics } from '../../common/metrics.js';
import { SseStream } from '../../protocol/api/sse.js';
import { fault } from '../../protocol/errors.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { FastifyReply } from 'fastify';
import type { FleetState, LiveEvent } from './fleet-state.js';

const MAX_READERS = 200;

interface Reader {
  readonly stream: SseStream;
  readonly vehicle: string | undefined;
}

/** Sends what changes in a fleet to every reader of the stream. A slow reader is closed, never waited for. */
export class StreamHub {
  readonly #readers = new Set<Reader>();
  readonly #fleet: FleetState;
  readonly #metrics: Metrics<MetricName>;

  constructor(fleet: FleetState, metrics: Metrics<MetricName>) {
    this.#fleet = fleet;
    this.#metrics = metrics;
    fleet.onEvent(event => this.#send(event));
  }

  /** Opens a reader, of one vehicle or of all; throws READERS_FULL. */
  open(reply: FastifyReply, vehicle: string | undefined): void {
    if (this.#readers.size >= MAX_READERS) throw fault('READERS_FULL', `${MAX_READERS} readers`);
    const reader: Reader = { stream: new SseStream(reply), vehicle };
    reader.stream.send('fleet', this.#fleet.fleet(vehicle));
    this.#readers.add(reader);
    this.#metrics.set('analytics_stream_readers', this.#readers.size);
    reader.stream.onClose(() => {
      this.#readers.delete(reader);
      this.#metrics.set('analytics_stream_readers', this.#readers.size);
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
    const about = 'vehicle' in data ? data.vehicle : undefined;
    for (const { stream, vehicle } of this.#readers)
      if (vehicle === undefined || about === undefined || about === vehicle) stream.send(event, data);
  }
}
