import * as L from 'leaflet';
import { CarLayer } from './car-layer.js';
import { domainColour } from './domains.js';
import { GridLayer } from './grid-layer.js';
import { RoadLayer } from './road-layer.js';
import { LATITUDE, LONGITUDE } from './cars.js';
import type { PageStore } from './store.js';
import { WorldLayer } from './world-layer.js';

/** A map that needs no service: land and borders, a graticule, the roads that cars took, access points with their coverage, cars with their ways. */
export class FleetMap {
  readonly #map: L.Map;
  readonly #world: WorldLayer;
  readonly #grid: GridLayer;
  readonly #roads: RoadLayer;
  readonly #access: L.LayerGroup;
  readonly #cars: CarLayer;
  readonly #resized: ResizeObserver;
  #store: PageStore | undefined;
  #accessDrawn = '';
  #fitted = false;

  constructor(element: HTMLElement, onPick: (vehicle: string) => void) {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#map = L.map(element, {
      attributionControl: false,
      preferCanvas: true,
      zoomSnap: 0.25,
      zoomAnimation: !still,
      maxZoom: 20,
      minZoom: 2,
      center: [0, 0],
      zoom: 3,
    });
    this.#map.zoomControl.setPosition('topright');
    L.control.scale({ imperial: false, maxWidth: 140 }).addTo(this.#map);
    this.#map.createPane('access').style.zIndex = '300';
    this.#map.createPane('names').style.zIndex = '420';
    this.#world = new WorldLayer(this.#map);
    this.#grid = new GridLayer(this.#map);
    this.#access = L.layerGroup().addTo(this.#map);
    this.#roads = new RoadLayer(this.#map);
    this.#cars = new CarLayer(this.#map, onPick);
    this.#map.on('zoomstart', () => element.classList.add('zooming'));
    this.#map.on('zoomend', () => setTimeout(() => element.classList.remove('zooming'), 60));
    this.#resized = new ResizeObserver(() => this.#map.invalidateSize({ animate: false }));
    this.#resized.observe(element);
  }

  /** Streets of a tile service under all else. */
  showTiles({ url, attribution }: { readonly url: string; readonly attribution: string }): void {
    this.#map.createPane('tiles').style.zIndex = '130';
    L.tileLayer(url, { pane: 'tiles', maxZoom: 20, maxNativeZoom: 19 }).addTo(this.#map);
    // As words, not as markup: who named the tiles did not mean to write the page.
    const text = document.createElement('span');
    text.textContent = attribution;
    L.control.attribution({ prefix: false }).addAttribution(text.innerHTML).addTo(this.#map);
  }

  onDrag(listener: () => void): void {
    this.#map.on('dragstart', listener);
  }

  update(store: PageStore, follow: boolean): void {
    this.#store = store;
    this.#drawAccess(store);
    this.#roads.update(store.cars.values(), store.nowMs());
    this.#cars.update(store);
    // Not before the fleet has come: access points alone may be a small part of where it is.
    if (!this.#fitted && store.link !== 'connecting') this.#fitted = this.fit(store);
    const car = follow ? store.shownCars().get(store.selected ?? '') : undefined;
    const at = car?.track.at(-1);
    if (at !== undefined) this.#map.panTo([at[1], at[2]], { animate: true, duration: 0.4 });
  }

  /** Shows all cars, and the access points where there are any near them; returns whether there was anything. */
  fit(store: PageStore): boolean {
    const bounds = L.latLngBounds([]);
    for (const { latitude, longitude, rangeM } of store.topology.accessPoints)
      bounds.extend(L.latLng(latitude, longitude).toBounds(rangeM * 2));
    for (const car of store.shownCars().values()) {
      const [lat, lon] = [car.signals.get(LATITUDE)?.value, car.signals.get(LONGITUDE)?.value];
      if (typeof lat === 'number' && typeof lon === 'number') bounds.extend(L.latLng(lat, lon).toBounds(200));
    }
    if (!bounds.isValid()) return false;
    this.#map.fitBounds(bounds, { padding: [18, 18], animate: this.#fitted });
    return true;
  }

  /** Colours are of the theme. */
  repaint(): void {
    this.#accessDrawn = '';
    this.#world.repaint();
    this.#grid.draw();
    this.#roads.repaint();
    this.#cars.forgetColours();
    if (this.#store !== undefined) this.update(this.#store, false);
  }

  #drawAccess({ topology }: PageStore): void {
    const text = JSON.stringify(topology);
    if (text === this.#accessDrawn) return;
    this.#accessDrawn = text;
    this.#access.clearLayers();
    for (const { id, domain, latitude, longitude, rangeM } of topology.accessPoints) {
      const color = domainColour(domain);
      const disc = {
        radius: rangeM,
        color,
        weight: 1,
        opacity: 0.55,
        dashArray: '2 5',
        fillColor: color,
        fillOpacity: 0.09,
      };
      L.circle([latitude, longitude], { ...disc, pane: 'access', interactive: false }).addTo(this.#access);
      const icon = L.divIcon({ className: 'access', iconSize: [0, 0], html: '<i></i><b></b>' });
      const marker = L.marker([latitude, longitude], { icon, interactive: false, keyboard: false, pane: 'names' });
      marker.addTo(this.#access);
      const element = marker.getElement();
      element?.style.setProperty('--domain', color);
      const label = element?.querySelector('b');
      if (label) label.textContent = id;
    }
  }

  remove(): void {
    this.#resized.disconnect();
    this.#map.remove();
  }
}
