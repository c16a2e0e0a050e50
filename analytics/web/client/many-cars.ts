import * as L from 'leaflet';
import { cssColour, domainColour } from './domains.js';
import { headingOfTrack } from './heading.js';
import { carAgeMs, type Car } from './cars.js';
import { LATE_MS } from './car-filter.js';

/** A click this near to a car is meant for it. */
const NEAR_PX = 14;
const ARROW = 'M0 -7 L5.2 6 L0 3.1 L-5.2 6 Z';
/** From farther away than this a car is a dot. */
const ARROW_ZOOM = 13;

interface Mark {
  readonly vehicle: string;
  readonly at: L.LatLng;
  readonly heading: number;
  readonly colour: string;
  readonly silent: boolean;
}

/** Cars of a large fleet, all on one canvas: elements of their own would cost a frame and more. */
export class ManyCars {
  readonly #map: L.Map;
  readonly #canvas: HTMLCanvasElement;
  readonly #arrow = new Path2D(ARROW);
  readonly #headings = new Map<string, { ofMs: number; degrees: number }>();
  #marks: readonly Mark[] = [];

  constructor(map: L.Map, onPick: (vehicle: string) => void) {
    this.#map = map;
    const pane = map.createPane('many');
    pane.style.zIndex = '405';
    pane.style.pointerEvents = 'none';
    this.#canvas = L.DomUtil.create('canvas', 'many-cars', pane);
    // What it shows is in the list of cars, too.
    this.#canvas.ariaHidden = 'true';
    map.on('moveend zoomend resize viewreset', () => this.#draw());
    map.on('click', ({ containerPoint }: L.LeafletMouseEvent) => {
      const found = this.#nearest(containerPoint);
      if (found !== undefined) onPick(found);
    });
    map.on('mousemove', ({ containerPoint }: L.LeafletMouseEvent) => {
      map.getContainer().classList.toggle('on-car', this.#nearest(containerPoint) !== undefined);
    });
  }

  update(cars: Iterable<Car>, nowMs: number): void {
    this.#marks = Array.from(cars, car => this.#markOf(car, nowMs)).filter(mark => mark !== undefined);
    this.#draw();
  }

  #markOf(car: Car, nowMs: number): Mark | undefined {
    const last = car.track.at(-1);
    if (last === undefined) return undefined;
    const heading = this.#headings.get(car.vehicle) ?? { ofMs: 0, degrees: 0 };
    if (heading.ofMs !== last[0]) {
      heading.ofMs = last[0];
      heading.degrees = headingOfTrack(car.track) ?? heading.degrees;
      this.#headings.set(car.vehicle, heading);
    }
    return {
      vehicle: car.vehicle,
      at: L.latLng(last[1], last[2]),
      heading: heading.degrees,
      colour: domainColour(car.serving?.domain),
      silent: (carAgeMs(car, nowMs) ?? Infinity) > LATE_MS,
    };
  }

  #draw(): void {
    const size = this.#map.getSize();
    const ratio = devicePixelRatio;
    const canvas = this.#canvas;
    const [width, height] = [Math.round(size.x * ratio), Math.round(size.y * ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      [canvas.width, canvas.height] = [width, height];
      [canvas.style.width, canvas.style.height] = [`${size.x}px`, `${size.y}px`];
    }
    L.DomUtil.setPosition(canvas, this.#map.containerPointToLayerPoint([0, 0]));
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    const arrows = this.#map.getZoom() >= ARROW_ZOOM;
    const halo = cssColour('--panel');
    for (const { at, heading, colour, silent } of this.#marks) {
      const { x, y } = this.#map.latLngToContainerPoint(at);
      if (x < -NEAR_PX || y < -NEAR_PX || x > size.x + NEAR_PX || y > size.y + NEAR_PX) continue;
      context.setTransform(ratio, 0, 0, ratio, x * ratio, y * ratio);
      context.globalAlpha = silent ? 0.4 : 1;
      context.fillStyle = colour;
      context.strokeStyle = halo;
      context.lineWidth = 1.5;
      if (arrows) {
        context.rotate((heading * Math.PI) / 180);
        context.stroke(this.#arrow);
        context.fill(this.#arrow);
        continue;
      }
      context.beginPath();
      context.arc(0, 0, 3.5, 0, 2 * Math.PI);
      context.stroke();
      context.fill();
    }
  }

  #nearest(point: L.Point): string | undefined {
    let found: string | undefined;
    let nearestPx = NEAR_PX;
    for (const { vehicle, at } of this.#marks) {
      const px = this.#map.latLngToContainerPoint(at).distanceTo(point);
      if (px > nearestPx) continue;
      nearestPx = px;
      found = vehicle;
    }
    return found;
  }
}
