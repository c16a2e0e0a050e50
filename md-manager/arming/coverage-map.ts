import type { AccessPoint } from '../../protocol/topology.js';

/** Where access points are and how far they reach, to be asked what is near: pure. */

/** Metres to the east and to the north of somewhere. */
export interface Offset {
  readonly eastM: number;
  readonly northM: number;
}

export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

/** IUGG mean radius of the Earth. */
const EARTH_RADIUS_M = 6_371_008.8;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;
/** Of latitude; the grid is of degrees, so that a place has one cell wherever it is asked from. */
const METRES_PER_DEGREE = radians(1) * EARTH_RADIUS_M;
const LEAST_CELL_M = 250;
/** Where a degree of longitude is shorter than this share of one of latitude, access points are asked one by one. */
const POLAR = 0.05;

/** From one place to another on a plane that touches the Earth at the first: good to a few parts in a thousand for some tens of kilometres. */
export function offset(from: Position, to: Position): Offset {
  const dLon = ((to.longitude - from.longitude + 540) % 360) - 180;
  return {
    eastM: dLon * METRES_PER_DEGREE * Math.cos(radians(from.latitude)),
    northM: (to.latitude - from.latitude) * METRES_PER_DEGREE,
  };
}

/** Access points by the cells of a grid that their coverage touches. */
export class CoverageMap {
  readonly accessPoints: readonly AccessPoint[];
  readonly #cellDegrees: number;
  readonly #columns: number;
  readonly #cells = new Map<number, AccessPoint[]>();
  /** Too near to a pole, or across the date line: near everything. */
  readonly #anywhere: AccessPoint[] = [];

  constructor(accessPoints: readonly AccessPoint[]) {
    this.accessPoints = accessPoints;
    const widestM = accessPoints.reduce((most, { rangeM }) => Math.max(most, rangeM), LEAST_CELL_M);
    this.#cellDegrees = widestM / METRES_PER_DEGREE;
    this.#columns = Math.ceil(360 / this.#cellDegrees) + 1;
    for (const point of accessPoints) {
      const cells = this.#cellsAround(point, point.rangeM);
      if (cells === undefined) this.#anywhere.push(point);
      for (const cell of cells ?? []) this.#cells.set(cell, [...(this.#cells.get(cell) ?? []), point]);
    }
  }

  /** All whose coverage comes within `reachM` of a place, and maybe others. */
  near(place: Position, reachM: number): readonly AccessPoint[] {
    const cells = this.#cellsAround(place, reachM);
    // A look around that would ask more cells than there are access points asks them instead.
    if (cells === undefined || cells.length > this.accessPoints.length) return this.accessPoints;
    const found = new Set(this.#anywhere);
    for (const cell of cells) for (const point of this.#cells.get(cell) ?? []) found.add(point);
    return [...found];
  }

  /** Cells that a square around the place touches; `undefined` near a pole and where it crosses the date line. */
  #cellsAround({ latitude, longitude }: Position, reachM: number): number[] | undefined {
    const dLat = reachM / METRES_PER_DEGREE;
    // The side that is nearer to a pole is the wider one, in degrees.
    const shrink = Math.cos(radians(Math.min(90, Math.abs(latitude) + dLat)));
    const dLon = dLat / shrink;
    if (shrink < POLAR || longitude - dLon < -180 || longitude + dLon > 180) return undefined;
    const rows = [this.#at(latitude - dLat + 90), this.#at(latitude + dLat + 90)] as const;
    const columns = [this.#at(longitude - dLon + 180), this.#at(longitude + dLon + 180)] as const;
    const cells: number[] = [];
    for (let row = rows[0]; row <= rows[1]; row++)
      for (let column = columns[0]; column <= columns[1]; column++) cells.push(row * this.#columns + column);
    return cells;
  }

  #at(degrees: number): number {
    return Math.floor(degrees / this.#cellDegrees);
  }
}
