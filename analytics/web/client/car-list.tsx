import { useEffect, useRef, useState } from 'preact/hooks';
import { EVERY_CAR, STATES, filterCars, freshness, type CarFilter } from './car-filter.js';
import { domainColour } from './domains.js';
import { ageText, valueText } from './format.js';
import { SPEED, carAgeMs, carsByName, type Car } from './cars.js';
import type { PageStore } from './store.js';
import { VirtualRows } from './virtual-rows.js';

const ROW_PX = 52;
/** From so many on there is something to look for. */
const MANY = 8;
const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };

export function CarList({ store }: { store: PageStore }) {
  const [filter, setFilter] = useState<CarFilter>(EVERY_CAR);
  const all = carsByName(store.shownCars());
  const cars = filterCars(all, filter, store.shownMs());
  const at = cars.findIndex(({ vehicle }) => vehicle === store.selected);
  const go = (to: number): void => {
    const next = cars[Math.min(cars.length - 1, Math.max(0, to))];
    if (next === undefined) return;
    store.select(next.vehicle);
    // The row may have to be scrolled to and drawn first.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => document.getElementById(`row-${next.vehicle}`)?.focus({ preventScroll: true })),
    );
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = STEPS[event.key];
    const to =
      by !== undefined ? at + by : event.key === 'Home' ? 0 : event.key === 'End' ? cars.length - 1 : undefined;
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  };
  return (
    <section class="panel cars" aria-label="Cars">
      <h2>
        Cars <span aria-live="polite">{cars.length < all.length ? `${cars.length} of ${all.length}` : all.length}</span>
      </h2>
      {all.length >= MANY && <Search filter={filter} onFilter={setFilter} onEnter={() => go(0)} />}
      {all.length === 0 && <p class="empty">No car has reported yet. The first one appears here by itself.</p>}
      {all.length > 0 && cars.length === 0 && (
        <p class="empty">
          No car is like that.{' '}
          <button type="button" class="link" onClick={() => setFilter(EVERY_CAR)}>
            Show all
          </button>
        </p>
      )}
      <VirtualRows
        rows={cars}
        rowPx={ROW_PX}
        label="Choose a car"
        shown={at}
        onKeyDown={onKeyDown}
        row={(car, nth) => (
          <CarRow key={car.vehicle} car={car} store={store} nth={nth} of={cars.length} first={at < 0 && nth === 0} />
        )}
      />
    </section>
  );
}

interface SearchProps {
  filter: CarFilter;
  onFilter: (filter: CarFilter) => void;
  onEnter: () => void;
}

function Search({ filter, onFilter, onEnter }: SearchProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const toField = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener('keydown', toField);
    return () => document.removeEventListener('keydown', toField);
  }, []);
  return (
    <search class="car-search">
      <input
        ref={field}
        type="search"
        placeholder="Find: name, domain, access point"
        aria-label="Find a car by name, domain, host or access point"
        aria-keyshortcuts="/"
        value={filter.text}
        onInput={event => onFilter({ ...filter, text: event.currentTarget.value })}
        onKeyDown={event => {
          if (event.key === 'Enter' || event.key === 'ArrowDown') onEnter();
          if (event.key === 'Escape') onFilter(EVERY_CAR);
        }}
      />
      <div class="segments" role="group" aria-label="Which cars">
        {STATES.map(state => (
          <button
            key={state}
            type="button"
            aria-pressed={state === filter.state}
            onClick={() => onFilter({ ...filter, state })}
          >
            {state}
          </button>
        ))}
      </div>
    </search>
  );
}

interface CarRowProps {
  car: Car;
  store: PageStore;
  nth: number;
  of: number;
  /** The one that Tab comes to where none is selected. */
  first: boolean;
}

function CarRow({ car, store, nth, of, first }: CarRowProps) {
  const ageMs = carAgeMs(car, store.shownMs());
  const speed = car.signals.get(SPEED);
  const selected = car.vehicle === store.selected;
  const domain = car.serving?.domain;
  return (
    <button
      id={`row-${car.vehicle}`}
      type="button"
      role="option"
      aria-selected={selected}
      aria-posinset={nth + 1}
      aria-setsize={of}
      tabIndex={selected || first ? 0 : -1}
      class={`car-row car-${freshness(ageMs)}`}
      style={{ '--domain': domainColour(domain), height: `${ROW_PX}px` }}
      onClick={() => store.select(car.vehicle)}
    >
      <i class="car-dot" aria-hidden="true" />
      <span class="car-name">{car.vehicle}</span>
      <span class="car-domain">
        {domain ?? 'no twin known'}
        {car.serving?.attachment?.accessPoint && ` · ${car.serving.attachment.accessPoint}`}
      </span>
      <span class="car-speed">
        {valueText(SPEED, 'km/h', speed?.value)} <small>km/h</small>
      </span>
      <span class="car-age">{ageMs === undefined ? 'never heard' : ageText(ageMs)}</span>
    </button>
  );
}
