import * as L from 'leaflet';
import { cssColour } from './domains.js';
import type { Car } from './cars.js';

/** Side of a square of ground that counts as one place of a road, in metres. */
const CELL_M = 18;
const M_PER_DEGREE = 111_320;
/** Where more ground than this is known, the roads begin anew. */
const MAX_CELLS = 40_000;
/** A longer step is a gap in what was heard, not a road. */
const MAX_STEP_M = 400;
const DRAW_EVERY_MS = 1_500;

interface Walk {
  timeMs: number;
  last: L.LatLngTuple | undefined;
  run: L.LatLngTuple[];
}

/** The ways that cars have shown to exist, drawn once however many cars take them: they are the streets of a map without tiles. */
export class RoadLayer {
  readonly #casing: L.Polyline;
  readonly #surface: L.Polyline;
  readonly #owners = new Map<string, string>();
  readonly #walks = new Map<string, Walk>();
  readonly #runs: L.LatLngTuple[][] = [];
  #isNew = false;
  #drawnAtMs = 0;

  constructor(map: L.Map) {
    map.createPane('roads').style.zIndex = '350';
    const shape = { pane: 'roads', interactive: false, lineJoin: 'round', lineCap: 'round' } as const;
    this.#casing = L.polyline([], { ...shape, weight: 11 }).addTo(map);
    this.#surface = L.polyline([], { ...shape, weight: 8 }).addTo(map);
    this.repaint();
  }

  repaint(): void {
    this.#casing.setStyle({ color: cssColour('--road-edge') });
    this.#surface.setStyle({ color: cssColour('--road') });
  }

  update(cars: Iterable<Car>, nowMs: number): void {
    if (this.#owners.size > MAX_CELLS) this.#forget();
    for (const car of cars) this.#follow(car);
    if (!this.#isNew || nowMs - this.#drawnAtMs < DRAW_EVERY_MS) return;
    this.#isNew = false;
    this.#drawnAtMs = nowMs;
    this.#casing.setLatLngs(this.#runs);
    this.#surface.setLatLngs(this.#runs);
  }

  #forget(): void {
    this.#owners.clear();
    this.#walks.clear();
    this.#runs.length = 0;
  }

  #follow({ vehicle, track }: Car): void {
    const walk = this.#walks.get(vehicle) ?? { timeMs: 0, last: undefined, run: [] };
    this.#walks.set(vehicle, walk);
    if ((track.at(-1)?.[0] ?? 0) <= walk.timeMs) return;
    const begin = track.findIndex(([timeMs]) => timeMs > walk.timeMs);
    for (const [timeMs, latitude, longitude] of track.slice(begin)) {
      this.#step(vehicle, walk, [latitude, longitude]);
      walk.timeMs = timeMs;
    }
  }

  #step(vehicle: string, walk: Walk, to: L.LatLngTuple): void {
    const from = walk.last;
    walk.last = to;
    const lonM = M_PER_DEGREE * Math.cos((to[0] * Math.PI) / 180);
    const lengthM = from === undefined ? 0 : Math.hypot((to[0] - from[0]) * M_PER_DEGREE, (to[1] - from[1]) * lonM);
    const isKnown = this.#isKnown(vehicle, to, lonM);
    const pieces = Math.max(1, Math.ceil(lengthM / CELL_M));
    if (from !== undefined && lengthM <= MAX_STEP_M)
      for (let i = 1; i <= pieces; i++) {
        const share = i / pieces;
        const at = [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share] as const;
        const key = `${Math.round((at[0] * M_PER_DEGREE) / CELL_M)} ${Math.round((at[1] * lonM) / CELL_M)}`;
        if (!this.#owners.has(key)) this.#owners.set(key, vehicle);
      }
    if (from === undefined || lengthM > MAX_STEP_M || isKnown) {
      // A last point joins the road that it comes to.
      if (isKnown && walk.run.length > 0) walk.run.push(to);
      walk.run = [];
      return;
    }
    if (lengthM < 1) return;
    if (walk.run.length === 0) this.#runs.push((walk.run = [from]));
    walk.run.push(to);
    this.#isNew = true;
  }

  /** Whether another car was here, or right beside it. */
  #isKnown(vehicle: string, [latitude, longitude]: L.LatLngTuple, lonM: number): boolean {
    const [row, column] = [Math.round((latitude * M_PER_DEGREE) / CELL_M), Math.round((longitude * lonM) / CELL_M)];
    for (let y = row - 1; y <= row + 1; y++)
      for (let x = column - 1; x <= column + 1; x++)
        if ((this.#owners.get(`${y} ${x}`) ?? vehicle) !== vehicle) return true;
    return false;
  }
}
