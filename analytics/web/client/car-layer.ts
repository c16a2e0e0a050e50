import * as L from 'leaflet';
import type { TrackPoint } from '../../../protocol/api/analytics.js';
import { domainColour } from './domains.js';
import { headingOfTrack, turnTo } from './heading.js';
import { NO_SLOT, labelSlots } from './label-slots.js';
import { servingSpans, switchedAtMs } from './handover-times.js';
import { ManyCars } from './many-cars.js';
import { LATE_MS } from './car-filter.js';
import { carAgeMs, type Car } from './cars.js';
import type { PageStore } from './store.js';

/** In a larger fleet, names and long ways of all cars at once would hide one another. */
const FEW_CARS = 12;
const SHORT_TRACK = 90;
/** Ways of cars that are not selected grow by this many points at a time: drawing is what costs. */
const TRACK_STEP = 5;
/** Beyond this only the selected car is an element of its own. */
const ELEMENTS = 60;
/** Pixels of a name: its box, and each of its letters. */
const LABEL_PX = { box: 11, letter: 7 };
const ARROW =
  '<svg viewBox="-14 -14 28 28" aria-hidden="true"><circle class="halo" r="12.5"/><path class="arrow" d="M0 -9.5 L7 8 L0 4.2 L-7 8 Z"/></svg><b></b>';

interface Drawn {
  readonly marker: L.Marker;
  readonly track: L.LayerGroup;
  readonly beam: L.Polyline;
  heading: number;
  headingOfMs: number;
  slot: number;
  trackKey: string;
  look: string;
  beamKey: string;
}

type AccessPoint = PageStore['topology']['accessPoints'][number];

/** Cars as arrows with names, and the ways they came, coloured by the domain that served them there. */
export class CarLayer {
  readonly #map: L.Map;
  readonly #onPick: (vehicle: string) => void;
  readonly #drawn = new Map<string, Drawn>();
  readonly #many: ManyCars;

  constructor(map: L.Map, onPick: (vehicle: string) => void) {
    this.#map = map;
    this.#onPick = onPick;
    map.createPane('tracks').style.zIndex = '400';
    map.createPane('beams').style.zIndex = '410';
    this.#many = new ManyCars(map, onPick);
  }

  update(store: PageStore): void {
    this.#map.getContainer().classList.toggle('many', store.cars.size > FEW_CARS);
    const places = new Map(store.topology.accessPoints.map(point => [point.id, point] as const));
    const cars = [...store.shownCars().values()].filter(({ track }) => track.length > 0);
    const own = cars.length <= ELEMENTS ? cars : cars.filter(({ vehicle }) => vehicle === store.selected);
    if (own.length < this.#drawn.size) this.#removeBut(own);
    for (const car of own) {
      this.#draw(car, store);
      this.#drawBeam(car, store, places.get(car.serving?.attachment?.accessPoint ?? ''));
    }
    this.#many.update(own === cars ? [] : cars, store.shownMs());
    this.#placeNames(store);
  }

  forgetColours(): void {
    for (const drawn of this.#drawn.values()) {
      drawn.trackKey = '';
      drawn.beamKey = '';
      drawn.look = '';
    }
  }

  #removeBut(cars: readonly Car[]): void {
    const kept = new Set(cars.map(({ vehicle }) => vehicle));
    for (const [vehicle, { marker, track, beam }] of this.#drawn)
      if (!kept.has(vehicle)) {
        for (const layer of [marker, track, beam]) layer.remove();
        this.#drawn.delete(vehicle);
      }
  }

  #draw(car: Car, store: PageStore): void {
    const last = car.track.at(-1);
    if (last === undefined) return;
    const at = L.latLng(last[1], last[2]);
    const drawn = this.#drawn.get(car.vehicle) ?? this.#make(car.vehicle, at);
    if (!drawn.marker.getLatLng().equals(at)) drawn.marker.setLatLng(at);
    const selected = car.vehicle === store.selected;
    const silent = (carAgeMs(car, store.shownMs()) ?? Infinity) > LATE_MS;
    if (last[0] !== drawn.headingOfMs) {
      drawn.heading = headingOf(car, drawn.heading);
      drawn.headingOfMs = last[0];
    }
    const colour = domainColour(car.serving?.domain);
    const look = `${colour} ${selected} ${silent} ${drawn.heading.toFixed(0)}`;
    if (look !== drawn.look) {
      drawn.look = look;
      const element = drawn.marker.getElement();
      element?.style.setProperty('--domain', colour);
      element?.style.setProperty('--heading', `${drawn.heading}deg`);
      element?.classList.toggle('selected', selected);
      element?.classList.toggle('silent', silent);
      drawn.marker.setZIndexOffset(selected ? 1_000 : 0);
    }
    const handovers = store.handoverList(car.vehicle).filter(({ startedAtMs }) => startedAtMs <= store.shownMs());
    const grown = Math.floor(last[0] / 1_000 / (selected ? 1 : TRACK_STEP));
    const trackKey = `${grown} ${handovers.length} ${selected} ${colour}`;
    if (trackKey === drawn.trackKey) return;
    drawn.trackKey = trackKey;
    const track = selected || store.cars.size <= FEW_CARS ? car.track : car.track.slice(-SHORT_TRACK);
    drawn.track.clearLayers();
    const begin = track[0]?.[0] ?? 0;
    const spans = servingSpans(handovers, car.serving?.domain, begin, last[0] + 1);
    const style = { pane: 'tracks', weight: selected ? 4 : 2, opacity: selected ? 1 : 0.45, interactive: false };
    for (const { domain, fromMs, toMs } of spans) {
      const points = between(track, fromMs, toMs);
      if (points.length > 1) L.polyline(points, { ...style, color: domainColour(domain) }).addTo(drawn.track);
    }
    if (!selected) return;
    for (const record of handovers) {
      const atMs = switchedAtMs(record);
      const place = atMs === undefined || atMs < begin ? undefined : car.track.findLast(([timeMs]) => timeMs <= atMs);
      if (place === undefined) continue;
      const dot = { radius: 5, weight: 2, color: domainColour(record.toDomain), fillOpacity: 1, fillColor: '#fff' };
      L.circleMarker([place[1], place[2]], { ...dot, pane: 'tracks', interactive: false }).addTo(drawn.track);
    }
  }

  /** The radio link: from the car to its access point, drawn for few cars, else for the selected one. */
  #drawBeam(car: Car, store: PageStore, to: AccessPoint | undefined): void {
    const drawn = this.#drawn.get(car.vehicle);
    const last = car.track.at(-1);
    if (drawn === undefined || last === undefined) return;
    const shown = to !== undefined && (car.vehicle === store.selected || store.cars.size <= FEW_CARS);
    const ends: L.LatLngTuple[] = shown
      ? [
          [last[1], last[2]],
          [to.latitude, to.longitude],
        ]
      : [];
    const key = JSON.stringify(ends) + String(to?.domain);
    if (key === drawn.beamKey) return;
    drawn.beamKey = key;
    drawn.beam.setLatLngs(ends).setStyle({ color: domainColour(to?.domain), opacity: 0.9 });
  }

  /** Names give way to one another; the selected car's comes first. */
  #placeNames(store: PageStore): void {
    const cars = [...this.#drawn].sort(([a], [b]) => Number(b === store.selected) - Number(a === store.selected));
    const marks = cars.map(([vehicle, { marker, slot }]) => {
      const { x, y } = this.#map.latLngToContainerPoint(marker.getLatLng());
      return { x, y, slot, widthPx: LABEL_PX.box + LABEL_PX.letter * vehicle.length };
    });
    for (const [i, slot] of labelSlots(marks).entries()) {
      const drawn = cars[i]?.[1];
      if (drawn === undefined || drawn.slot === slot) continue;
      const list = drawn.marker.getElement()?.classList;
      list?.remove(`slot-${drawn.slot}`);
      list?.add(`slot-${slot}`);
      drawn.slot = slot;
    }
  }

  #make(vehicle: string, at: L.LatLng): Drawn {
    const icon = L.divIcon({ className: 'car-mark', iconSize: [28, 28], html: ARROW });
    const marker = L.marker(at, { icon, title: vehicle, alt: vehicle, riseOnHover: true }).addTo(this.#map);
    const label = marker.getElement()?.querySelector('b');
    if (label) label.textContent = vehicle;
    marker.on('click', () => this.#onPick(vehicle));
    marker.on('keypress', event => {
      if (event.originalEvent.key === 'Enter') this.#onPick(vehicle);
    });
    const drawn: Drawn = {
      marker,
      track: L.layerGroup().addTo(this.#map),
      beam: L.polyline([], { pane: 'beams', interactive: false, weight: 1.5, dashArray: '1 5', lineCap: 'round' }),
      heading: 0,
      headingOfMs: 0,
      slot: NO_SLOT,
      trackKey: '',
      look: '',
      beamKey: '',
    };
    drawn.beam.addTo(this.#map);
    this.#drawn.set(vehicle, drawn);
    return drawn;
  }
}

/** Points within a span, and the one before it, so that spans meet. */
function between(track: readonly TrackPoint[], fromMs: number, toMs: number): [number, number][] {
  const first = Math.max(0, track.findIndex(([timeMs]) => timeMs >= fromMs) - 1);
  return track.slice(first).flatMap(([timeMs, lat, lon]): [number, number][] => (timeMs <= toMs ? [[lat, lon]] : []));
}

function headingOf(car: Car, before: number): number {
  const next = headingOfTrack(car.track);
  if (next !== undefined) return turnTo(before, next);
  const told = car.signals.get('Vehicle.CurrentLocation.Heading')?.value;
  return before === 0 && typeof told === 'number' ? told : before;
}
