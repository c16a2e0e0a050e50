import { useState } from 'preact/hooks';
import type { SignalState } from '../../../protocol/api/analytics.js';
import { CarTools } from './car-tools.js';
import { Chart } from './chart.js';
import { domainColour } from './domains.js';
import { ageText, clockText, countText, unitText, valueText } from './format.js';
import { servingSpans } from './handover-times.js';
import { KEPT_MS } from './series-buffer.js';
import { LATITUDE, LONGITUDE, SPEED, carAgeMs, signalAge, type Car } from './cars.js';
import type { PageStore } from './store.js';

const DEFAULT_CHARTS = [SPEED, 'Vehicle.OBD.EngineSpeed', 'Vehicle.OBD.ThrottlePosition', 'Vehicle.Derived.FuelRate'];
/** Where a tile is too narrow for the catalogue's label; the tile's title has the path. */
const SHORT_LABELS: Readonly<Record<string, string>> = {
  'coolant temperature': 'coolant',
  'intake pressure': 'intake',
};
const SPANS_MIN = [2, 5, 15] as const;

/** The selected car: its 13 signals with age and source, and charts of those that were picked. */
export function CarPanel({ store }: { store: PageStore }) {
  const car = store.shownCars().get(store.selected ?? '');
  if (car === undefined)
    return (
      <section class="panel car" aria-label="Car">
        <p class="empty">
          {store.selected ? `${store.selected} has not reported yet.` : 'Choose a car to see its twin.'}
        </p>
      </section>
    );
  return <ShownCar key={car.vehicle} car={car} store={store} />;
}

function ShownCar({ car, store }: { car: Car; store: PageStore }) {
  const [charts, setCharts] = useState<readonly string[]>(DEFAULT_CHARTS);
  const [spanMin, setSpanMin] = useState<number>(5);
  const nowMs = store.shownMs();
  const signals = [...car.signals.values()].filter(({ paper }) => paper);
  const tiles = signals.filter(({ path }) => path !== LATITUDE && path !== LONGITUDE);
  const shown = tiles.filter(({ path }) => charts.includes(path));
  const handovers = store.handoverList(car.vehicle);
  const spans = servingSpans(handovers, store.cars.get(car.vehicle)?.serving?.domain, nowMs - KEPT_MS, nowMs);
  const ageMs = carAgeMs(car, nowMs);
  const series = store.seriesOf(car.vehicle);
  const compared = store.compared === undefined ? undefined : store.seriesOf(store.compared);
  const beganMs = 1000 * Math.min(...[...series.values()].map(({ times }) => times[0] ?? Infinity), nowMs / 1000);
  const toggle = (path: string): void =>
    setCharts(charts.includes(path) ? charts.filter(one => one !== path) : [...charts, path]);
  return (
    <section class="panel car" aria-label={`Car ${car.vehicle}`}>
      <div class="car-head" style={{ '--domain': domainColour(car.serving?.domain) }}>
        <h2>{car.vehicle}</h2>
        <span class="chip">{car.serving?.domain ?? 'no twin known'}</span>
        <p>
          {car.serving && store.replay === undefined && (
            <>
              <span>host {car.serving.host}</span>
              {car.serving.epoch !== undefined && <span>epoch {car.serving.epoch}</span>}
              {car.serving.attachment?.accessPoint && <span>at {car.serving.attachment.accessPoint}</span>}
            </>
          )}
          <span>
            {store.replay === undefined ? `${countText(car.stored)} reports` : `as it was at ${clockText(nowMs)}`}
          </span>
          <span>{ageMs === undefined ? 'never heard' : `heard ${ageText(ageMs)} ago`}</span>
        </p>
      </div>
      <div class="tiles">
        <PositionTile car={car} nowMs={nowMs} />
        {tiles.map(signal => (
          <SignalTile
            key={signal.path}
            signal={signal}
            nowMs={nowMs}
            charted={charts.includes(signal.path)}
            onPick={() => toggle(signal.path)}
            other={store
              .shownCars()
              .get(store.compared ?? '')
              ?.signals.get(signal.path)}
          />
        ))}
      </div>
      <CarTools vehicle={car.vehicle} store={store} />
      <div class="chart-head">
        <h3>Last minutes</h3>
        <div class="segments" role="group" aria-label="Span of the charts">
          {SPANS_MIN.map(min => (
            <button key={min} type="button" aria-pressed={min === spanMin} onClick={() => setSpanMin(min)}>
              {min} min
            </button>
          ))}
        </div>
      </div>
      {shown.length === 0 && <p class="empty">Pick a signal above to chart it.</p>}
      <div class="charts">
        {shown.map(signal => (
          <Chart
            key={signal.path}
            title={signal.label}
            unit={unitText(signal.unit)}
            words={value => valueText(signal.path, signal.unit, value)}
            buffer={series.get(signal.path)}
            other={compared?.get(signal.path)}
            otherName={store.compared}
            spans={spans}
            handovers={handovers}
            nowMs={nowMs}
            spanMs={spanMin * 60_000}
            beganMs={beganMs}
          />
        ))}
      </div>
    </section>
  );
}

function Age({ ageMs, stale }: { ageMs: number | null | undefined; stale: boolean }) {
  const words = ageMs === undefined ? 'never reported' : ageMs === null ? 'age unknown' : ageText(ageMs);
  return (
    <span class="age">
      {stale && typeof ageMs === 'number' && <span class="hidden">stale, </span>}
      {words}
    </span>
  );
}

function PositionTile({ car, nowMs }: { car: Car; nowMs: number }) {
  const latitude = car.signals.get(LATITUDE);
  const longitude = car.signals.get(LONGITUDE);
  const { ageMs, stale } = latitude ? signalAge(latitude, nowMs) : { ageMs: undefined, stale: true };
  return (
    <div class={`tile tile-wide ${stale ? 'stale' : ''}`} data-signal="position">
      <span class="tile-label">position</span>
      <span class="tile-value">
        {valueText(LATITUDE, 'degrees', latitude?.value)}
        <small>°</small>
        {'  '}
        {valueText(LONGITUDE, 'degrees', longitude?.value)}
        <small>°</small>
      </span>
      <span class="tile-foot">
        <Age ageMs={ageMs} stale={stale} />
        <span class="source">{latitude?.source ?? ''}</span>
      </span>
    </div>
  );
}

interface TileProps {
  signal: SignalState;
  nowMs: number;
  charted: boolean;
  onPick: () => void;
  /** The same signal of the car that is compared. */
  other: SignalState | undefined;
}

function SignalTile({ signal, nowMs, charted, onPick, other }: TileProps) {
  const { ageMs, stale } = signalAge(signal, nowMs);
  const numeric = typeof signal.value === 'number' && signal.path !== 'Vehicle.OBD.FuelType';
  return (
    <button
      type="button"
      class={`tile ${stale ? 'stale' : ''}`}
      data-signal={signal.path}
      aria-pressed={charted}
      disabled={!numeric}
      title={`${signal.path}${numeric ? ': click to chart' : ''}`}
      onClick={onPick}
    >
      <span class="tile-label">{SHORT_LABELS[signal.label] ?? signal.label}</span>
      <span class="tile-value">
        {valueText(signal.path, signal.unit, signal.value)} <small>{unitText(signal.unit)}</small>
      </span>
      {other !== undefined && (
        <span class="tile-other other" title="the car that is compared">
          <span class="hidden">, compared: </span>
          {valueText(other.path, other.unit, other.value)} {unitText(other.unit)}
          <span class="hidden">, </span>
        </span>
      )}
      <span class="tile-foot">
        <Age ageMs={ageMs} stale={stale} />
        <span class={`source source-${signal.source ?? 'none'}`}>{signal.source ?? ''}</span>
      </span>
    </button>
  );
}
