import type {
  Counts,
  Fleet,
  LiveValues,
  ServingChanged,
  SignalState,
  Sources,
  TopologyAnswer,
  VehicleDetail,
} from '../../../protocol/api/analytics.js';
import type { HandoverRecord } from '../../../protocol/api/md-manager.js';
import { LATITUDE, LONGITUDE, type Car } from './cars.js';
import { setDomains } from './domains.js';
import { Replay } from './replay.js';
import { loadPast } from './past-series.js';
import type { SeriesBuffer } from './series-buffer.js';

const TRACK_POINTS = 900;
const HANDOVERS_KEPT = 300;
const DRAW_EVERY_MS = 250;
const RETRY_MS = 2_000;
const NO_SERIES: ReadonlyMap<string, SeriesBuffer> = new Map();

/** What came live meanwhile is not undone by an answer that was made before. */
const isOlder = (signal: SignalState, than: SignalState | undefined): boolean =>
  than?.timeMs !== undefined && (signal.timeMs ?? 0) < than.timeMs;

export type Link = 'connecting' | 'live' | 'lost';

/** All that the page shows; filled by the stream, read by the components, which are drawn anew at most four times a second. */
export class PageStore {
  link: Link = 'connecting';
  sources: Sources | undefined;
  counts: Omit<Counts, 'sources'> | undefined;
  topology: TopologyAnswer = { domains: [], accessPoints: [] };
  readonly cars = new Map<string, Car>();
  readonly handovers = new Map<string, HandoverRecord>();
  /** Grows with each hand-over told, so that what is made from them is made only then. */
  handoverVersion = 0;
  selected: string | undefined;
  /** The car whose charts stand behind those of the selected one. */
  compared: string | undefined;
  /** Charts of the selected and the compared car, by path. */
  readonly #charts = new Map<string, Map<string, SeriesBuffer>>();
  /** The hand-over that is told. */
  told: HandoverRecord | undefined;
  /** Where it is there, the page shows the past; what comes live is taken meanwhile. */
  replay: Replay | undefined;
  readonly #byVehicle = new Map<string, HandoverRecord[]>();
  #offsetMs = 0;
  #listeners = new Set<() => void>();
  #due: ReturnType<typeof setTimeout> | undefined;

  /** The service's time: ages are by its clock, whatever the viewer's says. */
  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  /** The moment that the page shows: now, or that of the replay. */
  shownMs(): number {
    return this.replay?.atMs ?? this.nowMs();
  }

  /** The cars as they are, or as they were at the moment that is shown. */
  shownCars(): ReadonlyMap<string, Car> {
    return this.replay?.cars() ?? this.cars;
  }

  /** The charts of a car that is selected or compared, by path. */
  seriesOf(vehicle: string): ReadonlyMap<string, SeriesBuffer> {
    return this.replay?.series(vehicle) ?? this.#charts.get(vehicle) ?? NO_SERIES;
  }

  startReplay(atMs?: number): void {
    this.replay ??= new Replay(this);
    if (atMs !== undefined) this.replay.seek(atMs);
    for (const vehicle of this.#watched()) void this.replay.loadFull(vehicle);
    this.changed();
  }

  /** Tells one hand-over as it went, or none. */
  tell(record: HandoverRecord | undefined): void {
    this.told = record;
    this.changed(0);
  }

  goLive(): void {
    this.replay?.close();
    this.replay = undefined;
    this.changed();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something that is shown is another: it is drawn within `ms`. */
  changed(ms = DRAW_EVERY_MS): void {
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      requestAnimationFrame(() => {
        for (const listener of this.#listeners) listener();
      });
    }, ms);
  }

  start(): void {
    this.selected = decodeURIComponent(location.hash.slice(1)) || undefined;
    addEventListener('hashchange', () => this.select(decodeURIComponent(location.hash.slice(1))));
    void this.#load<TopologyAnswer>('/v1/topology', topology => {
      this.topology = topology;
      setDomains(topology.domains);
    });
    this.#connect();
    // Ages tick, also when nothing comes.
    setInterval(() => this.changed(), 500);
  }

  #connect(): void {
    const stream = new EventSource('/v1/stream');
    const on = <T>(event: string, take: (data: T) => void): void =>
      stream.addEventListener(event, message => {
        // After a break the stream goes on where it was, without the whole fleet.
        this.link = 'live';
        take(JSON.parse((message as MessageEvent<string>).data) as T);
        this.changed();
      });
    on('resumed', () => undefined);
    on<Fleet>('fleet', fleet => this.#takeFleet(fleet));
    on<LiveValues>('values', values => this.#takeValues(values));
    on<ServingChanged>('serving', ({ vehicle, serving }) => {
      this.#car(vehicle).serving = serving;
    });
    on<HandoverRecord>('handover', record => this.#takeHandover(record));
    on<Omit<Counts, 'sources'>>('counts', counts => {
      this.counts = counts;
    });
    on<Sources>('sources', sources => this.#takeSources(sources));
    stream.addEventListener('error', () => {
      this.link = 'lost';
      // A refused stream stays closed (the browser retries only broken ones).
      if (stream.readyState === EventSource.CLOSED) setTimeout(() => this.#connect(), RETRY_MS);
      this.changed();
    });
  }

  #takeFleet(fleet: Fleet): void {
    this.#takeSources(fleet.sources);
    this.counts = fleet.counts;
    for (const { vehicle, serving, stored, signals, track } of fleet.vehicles) {
      const car = this.#car(vehicle);
      car.serving = serving;
      car.stored = stored;
      car.track = track;
      for (const signal of signals) car.signals.set(signal.path, signal);
    }
    void this.#load<{ handovers: HandoverRecord[] }>('/v1/handovers?limit=200', ({ handovers }) => {
      for (const record of handovers) this.#takeHandover(record);
    });
    this.select(this.selected ?? fleet.vehicles[0]?.vehicle, true);
  }

  #takeSources(sources: Sources): void {
    this.#offsetMs = sources.nowMs - Date.now();
    this.sources = sources;
  }

  #takeValues({ vehicle, nowMs, stored, values }: LiveValues): void {
    this.#offsetMs = nowMs - Date.now();
    const known = this.cars.has(vehicle);
    const car = this.#car(vehicle);
    car.stored = stored;
    for (const { path, value, timeMs, ageMs, source } of values) {
      const before = car.signals.get(path);
      if (before === undefined || value === undefined || timeMs === undefined) continue;
      car.signals.set(path, {
        ...before,
        value,
        timeMs,
        ...(ageMs === undefined ? {} : { ageMs }),
        ...(source && { source }),
      });
      if (typeof value === 'number' && ageMs !== null) this.#charts.get(vehicle)?.get(path)?.add(timeMs, value);
    }
    if (values.some(({ path }) => path === LATITUDE || path === LONGITUDE)) this.#extendTrack(car);
    // What a car has that is new to the page comes with labels and units only in full.
    if (!known || values.some(({ path }) => !car.signals.has(path))) this.#loadCar(car);
  }

  /** Signals in full, and the whole way: in a large fleet the beginning has the end of it alone. */
  #loadCar(car: Car): void {
    const path = `/v1/vehicles/${encodeURIComponent(car.vehicle)}`;
    void this.#load<Pick<VehicleDetail, 'signals' | 'track'>>(path, ({ signals, track }) => {
      for (const signal of signals)
        if (!isOlder(signal, car.signals.get(signal.path))) car.signals.set(signal.path, signal);
      const untilMs = track.at(-1)?.[0] ?? 0;
      car.track = [...track, ...car.track.filter(([timeMs]) => timeMs > untilMs)];
      if (this.selected === undefined) this.select(car.vehicle);
    });
  }

  #extendTrack(car: Car): void {
    const latitude = car.signals.get(LATITUDE);
    const longitude = car.signals.get(LONGITUDE);
    if (typeof latitude?.value !== 'number' || typeof longitude?.value !== 'number') return;
    const timeMs = latitude.timeMs ?? 0;
    if (timeMs <= (car.track.at(-1)?.[0] ?? 0)) return;
    car.track.push([timeMs, latitude.value, longitude.value]);
    // Now and then, and not at each point: moving all others is what costs.
    if (car.track.length > 2 * TRACK_POINTS) car.track.splice(0, car.track.length - TRACK_POINTS);
  }

  #takeHandover(record: HandoverRecord): void {
    this.handovers.set(record.id, record);
    this.handoverVersion++;
    this.#byVehicle.clear();
    if (this.handovers.size <= HANDOVERS_KEPT) return;
    const oldest = [...this.handovers.values()].reduce((a, b) => (b.startedAtMs < a.startedAtMs ? b : a));
    this.handovers.delete(oldest.id);
  }

  /** Newest first. */
  handoverList(vehicle = ''): HandoverRecord[] {
    const known = this.#byVehicle.get(vehicle);
    if (known !== undefined) return known;
    const found = [...this.handovers.values()]
      .filter(record => vehicle === '' || record.vehicle === vehicle)
      .sort((a, b) => b.startedAtMs - a.startedAtMs);
    this.#byVehicle.set(vehicle, found);
    return found;
  }

  /** Shows a car; `again`: loads its past anew though it is shown already. */
  select(vehicle: string | undefined, again = false): void {
    if (!vehicle || (vehicle === this.selected && !again)) return;
    if (vehicle === this.compared) this.compared = undefined;
    this.selected = vehicle;
    if (location.hash !== `#${vehicle}`) history.replaceState(null, '', `#${vehicle}`);
    this.#watch(vehicle, again);
    if (again && this.compared !== undefined) this.#watch(this.compared, again);
  }

  /** Lays the charts of a second car behind those of the selected one. */
  compare(vehicle: string | undefined): void {
    this.compared = vehicle === this.selected ? undefined : vehicle;
    if (this.compared !== undefined) this.#watch(this.compared, false);
    this.changed();
  }

  #watched(): string[] {
    return [this.selected, this.compared].filter(vehicle => vehicle !== undefined);
  }

  #watch(vehicle: string, again: boolean): void {
    const watched = new Set(this.#watched());
    for (const known of this.#charts.keys()) if (!watched.has(known)) this.#charts.delete(known);
    void this.replay?.loadFull(vehicle);
    if (this.#charts.has(vehicle) && !again) return;
    const buffers = this.#charts.get(vehicle) ?? new Map<string, SeriesBuffer>();
    this.#charts.set(vehicle, buffers);
    const known = this.cars.get(vehicle);
    if (known !== undefined) this.#loadCar(known);
    const gapOf = (path: string): number => this.cars.get(vehicle)?.signals.get(path)?.staleAfterMs ?? 15_000;
    void loadPast(vehicle, this.nowMs(), gapOf, buffers).then(() => this.changed());
    this.changed();
  }

  #car(vehicle: string): Car {
    const known = this.cars.get(vehicle);
    if (known !== undefined) return known;
    const made: Car = { vehicle, serving: undefined, stored: 0, signals: new Map(), track: [] };
    this.cars.set(vehicle, made);
    return made;
  }

  /** What cannot be had now is tried again by the next `fleet`; the page says that the service is away. */
  async #load<T>(path: string, take: (answer: T) => void): Promise<void> {
    const response = await fetch(path).catch(() => undefined);
    if (!response?.ok) return;
    take((await response.json()) as T);
    this.changed();
  }
}
