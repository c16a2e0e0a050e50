import { domainColour } from './domains.js';
import { ageText, valueText } from './format.js';
import { SPEED, carAgeMs, carsByName, type Car, type PageStore } from './store.js';

const FRESH_MS = 5_000;
const LATE_MS = 30_000;

/** Freshness in three steps: what matters at a glance is who fell silent. */
const freshness = (ageMs: number | undefined): 'fresh' | 'late' | 'silent' =>
  ageMs === undefined || ageMs > LATE_MS ? 'silent' : ageMs > FRESH_MS ? 'late' : 'fresh';

export function CarList({ store }: { store: PageStore }) {
  const cars = carsByName(store);
  const step = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const at = cars.findIndex(({ vehicle }) => vehicle === store.selected);
    const next = cars[Math.min(cars.length - 1, Math.max(0, at + by))];
    if (next === undefined) return;
    store.select(next.vehicle);
    document.getElementById(`row-${next.vehicle}`)?.focus();
  };
  return (
    <section class="panel cars" aria-label="Cars">
      <h2>
        Cars <span>{cars.length}</span>
      </h2>
      {cars.length === 0 && <p class="empty">No car has reported yet. The first one appears here by itself.</p>}
      <div class="car-rows" role="listbox" aria-label="Choose a car" onKeyDown={step}>
        {cars.map(car => (
          <CarRow key={car.vehicle} car={car} store={store} />
        ))}
      </div>
    </section>
  );
}

function CarRow({ car, store }: { car: Car; store: PageStore }) {
  const ageMs = carAgeMs(car, store.nowMs());
  const speed = car.signals.get(SPEED);
  const selected = car.vehicle === store.selected;
  const domain = car.serving?.domain;
  return (
    <button
      id={`row-${car.vehicle}`}
      type="button"
      role="option"
      aria-selected={selected}
      tabIndex={selected ? 0 : -1}
      class={`car-row car-${freshness(ageMs)}`}
      style={{ '--domain': domainColour(domain) }}
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
