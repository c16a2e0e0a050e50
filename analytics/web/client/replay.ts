import type { History } from '../../../protocol/api/analytics.js';
import type { HandoverRecord } from '../../../protocol/api/md-manager.js';
import { Recording } from './recording.js';
import { SeriesBuffer } from './series-buffer.js';
import { LATITUDE, LONGITUDE, SPEED, type Car } from './cars.js';

export const REPLAYED_MS = 3_600_000;
export const RATES = [1, 10, 60] as const;
/** Questions at once. */
const LOADERS = 6;
/** Points of all cars together, so that a large fleet is thinned and not refused. */
const POINTS_IN_ALL = 300_000;
const [LEAST_POINTS, MOST_POINTS] = [120, 3_600];
/** Of the selected car: every report of an hour at 1 Hz. */
const FULL_POINTS = 4_000;
const DRAW_EVERY_MS = 100;

/** What it takes from the page, and tells it. */
export interface ReplayedPage {
  readonly cars: ReadonlyMap<string, Car>;
  nowMs(): number;
  handoverList(vehicle: string): readonly HandoverRecord[];
  changed(ms?: number): void;
}

/** The last hour once more: every car as it was at a moment that the viewer chooses, or that runs. */
export class Replay {
  readonly toMs: number;
  atMs: number;
  rate: (typeof RATES)[number] = 10;
  /** Cars whose past is here, of `all`. */
  loaded = 0;
  readonly all: number;
  readonly #store: ReplayedPage;
  readonly #recordings = new Map<string, Recording>();
  readonly #full = new Map<string, Recording>();
  readonly #buffers = new Map<string, Map<string, SeriesBuffer>>();
  readonly #closed = new AbortController();
  readonly #askedFromMs: number;
  #firstMs: number | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #shown: { readonly atMs: number; readonly loaded: number; readonly cars: Map<string, Car> } | undefined;

  constructor(store: ReplayedPage) {
    this.#store = store;
    this.toMs = store.nowMs();
    this.#askedFromMs = this.toMs - REPLAYED_MS;
    this.atMs = this.toMs - 300_000;
    this.all = store.cars.size;
    void this.#loadAll([...store.cars.values()]);
  }

  /** Where it begins: of a fleet that was not heard for all of the hour, with what was heard first. */
  get fromMs(): number {
    return this.#firstMs ?? this.#askedFromMs;
  }

  get playing(): boolean {
    return this.#timer !== undefined;
  }

  seek(atMs: number): void {
    this.atMs = Math.min(this.toMs, Math.max(this.fromMs, atMs));
    this.#store.changed();
  }

  play(on: boolean): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (on) {
      if (this.atMs >= this.toMs) this.atMs = this.fromMs;
      let lastMs = performance.now();
      this.#timer = setInterval(() => {
        const nowMs = performance.now();
        this.atMs = Math.min(this.toMs, this.atMs + (nowMs - lastMs) * this.rate);
        lastMs = nowMs;
        if (this.atMs >= this.toMs) this.play(false);
        this.#store.changed(0);
      }, DRAW_EVERY_MS);
    }
    this.#store.changed();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#closed.abort();
  }

  /** All cars as they were; those whose past has not come yet are not there. */
  cars(): Map<string, Car> {
    const { atMs, loaded } = this;
    if (this.#shown?.atMs === atMs && this.#shown.loaded === loaded) return this.#shown.cars;
    const cars = new Map<string, Car>();
    for (const [vehicle, thin] of this.#recordings) {
      const recording = this.#full.get(vehicle) ?? thin;
      cars.set(vehicle, recording.at(atMs, this.#store.handoverList(vehicle)));
    }
    this.#shown = { atMs, loaded, cars };
    return cars;
  }

  /** The charts of a car over the whole hour. */
  series(vehicle: string): ReadonlyMap<string, SeriesBuffer> {
    return this.#buffers.get(vehicle) ?? new Map();
  }

  /** Loads every signal of a car: those of the others are where they were and how fast. */
  async loadFull(vehicle: string): Promise<void> {
    const car = this.#store.cars.get(vehicle);
    if (car === undefined || this.#full.has(vehicle)) return;
    const history = await this.#ask(vehicle, `limit=${FULL_POINTS}`);
    if (history === undefined) return;
    this.#full.set(vehicle, new Recording(car, history.series));
    const buffers = new Map<string, SeriesBuffer>();
    for (const { path, points } of history.series) {
      const buffer = new SeriesBuffer(car.signals.get(path)?.staleAfterMs ?? 15_000);
      buffer.load(points);
      buffers.set(path, buffer);
    }
    this.#buffers.set(vehicle, buffers);
    this.#shown = undefined;
    this.#store.changed();
  }

  async #loadAll(cars: readonly Car[]): Promise<void> {
    const points = Math.round(POINTS_IN_ALL / Math.max(1, cars.length));
    const limit = Math.min(MOST_POINTS, Math.max(LEAST_POINTS, points));
    const signals = [LATITUDE, LONGITUDE, SPEED].join();
    const left = [...cars];
    const load = async (): Promise<void> => {
      for (let car = left.shift(); car !== undefined && !this.#closed.signal.aborted; car = left.shift()) {
        const history = await this.#ask(car.vehicle, `signals=${signals}&limit=${limit}`);
        if (history !== undefined) this.#take(car.vehicle, new Recording(car, history.series));
        this.loaded++;
        this.#store.changed();
      }
    };
    await Promise.all(Array.from({ length: LOADERS }, load));
    // Before all are there, another one may have been heard earlier.
    if (!this.#closed.signal.aborted) this.seek(this.atMs);
  }

  #take(vehicle: string, recording: Recording): void {
    this.#recordings.set(vehicle, recording);
    const { firstMs } = recording;
    if (firstMs !== undefined)
      this.#firstMs = Math.max(this.#askedFromMs, Math.min(firstMs, this.#firstMs ?? Infinity));
  }

  async #ask(vehicle: string, query: string): Promise<History | undefined> {
    const [from, to] = [Math.floor(this.#askedFromMs), Math.ceil(this.toMs)];
    const path = `/v1/vehicles/${encodeURIComponent(vehicle)}/history?from=${from}&to=${to}&${query}`;
    const response = await fetch(path, { signal: this.#closed.signal }).catch(() => undefined);
    return response?.ok === true ? ((await response.json()) as History) : undefined;
  }
}
