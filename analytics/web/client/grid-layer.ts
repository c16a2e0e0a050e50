import * as L from 'leaflet';
import { cssColour } from './domains.js';
import { niceStep } from './grid-step.js';

const M_PER_DEGREE = 111_320;
/** Lines across the window, about. */
const LINES = 8;
/** Names of meridians keep this far from one another. */
const APART_PX = 92;
/** Names keep this far from the corners, where the map's tools are. */
const CLEAR_PX = 46;

/** The graticule: lines at round distances with their degrees at the edges. It gives a map without tiles its place and size. */
export class GridLayer {
  readonly #map: L.Map;
  readonly #lines: L.LayerGroup;
  readonly #names: HTMLElement;
  #latStep = 1;
  #lonStep = 1;

  constructor(map: L.Map) {
    this.#map = map;
    map.createPane('grid').style.zIndex = '150';
    this.#lines = L.layerGroup().addTo(map);
    this.#names = L.DomUtil.create('div', 'graticule', map.getContainer());
    this.#names.ariaHidden = 'true';
    map.on('moveend zoomend resize', () => this.draw());
    map.on('move', () => this.#drawNames());
  }

  draw(): void {
    this.#lines.clearLayers();
    const window = this.#map.getBounds();
    const centre = window.getCenter();
    const bounds = window.pad(0.6);
    const stepM = niceStep((centre.distanceTo(L.latLng(centre.lat, window.getEast())) * 2) / LINES);
    this.#latStep = stepM / M_PER_DEGREE;
    this.#lonStep = this.#latStep / Math.max(0.05, Math.cos((centre.lat * Math.PI) / 180));
    const color = cssColour('--map-grid');
    const line = (a: L.LatLngExpression, b: L.LatLngExpression, nth: number): void => {
      const style = { pane: 'grid', color, weight: 1, opacity: nth % 5 === 0 ? 1 : 0.6, interactive: false };
      L.polyline([a, b], style).addTo(this.#lines);
    };
    for (let n = Math.ceil(bounds.getSouth() / this.#latStep); n * this.#latStep < bounds.getNorth(); n++)
      line([n * this.#latStep, bounds.getWest()], [n * this.#latStep, bounds.getEast()], n);
    for (let n = Math.ceil(bounds.getWest() / this.#lonStep); n * this.#lonStep < bounds.getEast(); n++)
      line([bounds.getSouth(), n * this.#lonStep], [bounds.getNorth(), n * this.#lonStep], n);
    this.#drawNames();
  }

  #drawNames(): void {
    const { x: width, y: height } = this.#map.getSize();
    const bounds = this.#map.getBounds();
    const digits = Math.max(0, Math.ceil(-Math.log10(this.#latStep)) + 1);
    const names: HTMLElement[] = [];
    const name = (kind: 'lat' | 'lon', degrees: number, place: 'top' | 'left', px: number): void => {
      const letter = kind === 'lat' ? (degrees < 0 ? 'S' : 'N') : degrees < 0 ? 'W' : 'E';
      const span = document.createElement('span');
      span.className = kind;
      span.textContent = `${Math.abs(degrees).toFixed(digits)}° ${letter}`;
      span.style[place] = `${Math.round(px)}px`;
      names.push(span);
    };
    for (let n = Math.ceil(bounds.getSouth() / this.#latStep); n * this.#latStep < bounds.getNorth(); n++) {
      const { y } = this.#map.latLngToContainerPoint([n * this.#latStep, bounds.getWest()]);
      if (y > CLEAR_PX * 1.5 && y < height - CLEAR_PX) name('lat', n * this.#latStep, 'top', y);
    }
    let lastX = -Infinity;
    for (let n = Math.ceil(bounds.getWest() / this.#lonStep); n * this.#lonStep < bounds.getEast(); n++) {
      const { x } = this.#map.latLngToContainerPoint([bounds.getNorth(), n * this.#lonStep]);
      if (x <= CLEAR_PX || x >= width - CLEAR_PX * 1.5 || x - lastX < APART_PX) continue;
      name('lon', n * this.#lonStep, 'left', x);
      lastX = x;
    }
    this.#names.replaceChildren(...names);
  }
}
