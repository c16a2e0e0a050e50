import * as L from 'leaflet';
import { feature, mesh } from 'topojson-client';
import type { GeometryObject, Topology } from 'topojson-specification';
import { cssColour } from './domains.js';

/** Natural Earth at 1:50 million: nearer than this its coasts are not where they are. */
const NEAREST_ZOOM = 11;

interface World extends Topology {
  readonly objects: { readonly land: GeometryObject; readonly countries: GeometryObject };
}

/** Land and borders of the world, from the page's own server: where the fleet is, without a map service. */
export class WorldLayer {
  readonly #map: L.Map;
  readonly #land: L.GeoJSON;
  readonly #borders: L.GeoJSON;
  #asked = false;

  constructor(map: L.Map) {
    this.#map = map;
    map.createPane('world').style.zIndex = '120';
    const options = { pane: 'world', interactive: false } as const;
    this.#land = L.geoJSON(undefined, options);
    this.#borders = L.geoJSON(undefined, options);
    this.repaint();
    map.on('zoomend', () => this.#show());
  }

  repaint(): void {
    this.#land.setStyle({
      stroke: true,
      color: cssColour('--coast'),
      weight: 1,
      fillColor: cssColour('--land'),
      fillOpacity: 1,
    });
    this.#borders.setStyle({ fill: false, color: cssColour('--coast'), weight: 0.8, dashArray: '3 3' });
  }

  #show(): void {
    const shown = this.#map.getZoom() < NEAREST_ZOOM;
    for (const layer of [this.#land, this.#borders])
      if (shown) layer.addTo(this.#map);
      else layer.remove();
    if (shown && !this.#asked) {
      this.#asked = true;
      void this.#load();
    }
  }

  async #load(): Promise<void> {
    const answer = await fetch('world.json').catch(() => undefined);
    if (answer?.ok !== true) {
      // The next zoom asks again; without it the graticule is the map.
      this.#asked = false;
      return;
    }
    const world = (await answer.json()) as World;
    const { land, countries } = world.objects;
    this.#land.addData(feature(world, land));
    this.#borders.addData(mesh(world, countries, (a, b) => a !== b));
    this.repaint();
  }
}
