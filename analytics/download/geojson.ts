import { WAY_GAP_MS, type WayPoint } from './way-points.js';

const position = ({ longitude, latitude }: WayPoint, altitudeM: number | undefined): string =>
  JSON.stringify(altitudeM === undefined ? [longitude, latitude] : [longitude, latitude, altitudeM]);

interface Stretch {
  readonly first: WayPoint;
  last: WayPoint;
  /**
   * As last told: it is told when it changes. All positions of a line have the same length (RFC 7946 §3.1.1 leaves it open,
   * readers do not), so a stretch that begins without an altitude has none.
   */
  altitudeM: number | undefined;
  points: number;
}

/**
 * GeoJSON (RFC 7946): a feature for each stretch of the way without a gap, a LineString, or a Point where the car was heard
 * once. A feature's properties stand behind its geometry: they are known when it ends, and nothing is held until then.
 */
export async function* geoJson(vehicle: string, points: AsyncIterable<WayPoint>): AsyncGenerator<string> {
  yield '{"type":"FeatureCollection","features":[';
  let stretch: Stretch | undefined;
  let features = 0;
  for await (const point of points) {
    if (stretch !== undefined && point.timeMs - stretch.last.timeMs > WAY_GAP_MS) {
      yield endOf(vehicle, stretch, features++);
      stretch = undefined;
    }
    if (stretch === undefined) {
      stretch = { first: point, last: point, altitudeM: point.altitudeM, points: 1 };
      continue;
    }
    const { first, altitudeM: before } = stretch;
    if (before !== undefined) stretch.altitudeM = point.altitudeM ?? before;
    const here = position(point, stretch.altitudeM);
    // That it is a line is known with its second place.
    yield stretch.points === 1
      ? `${features === 0 ? '\n' : ',\n'}{"type":"Feature","geometry":{"type":"LineString","coordinates":[${position(first, first.altitudeM)},${here}`
      : `,${here}`;
    stretch.last = point;
    stretch.points++;
  }
  if (stretch !== undefined) yield endOf(vehicle, stretch, features);
  yield '\n]}\n';
}

function endOf(vehicle: string, { first, last, points }: Stretch, features: number): string {
  const properties = {
    vehicle,
    from: new Date(first.timeMs).toISOString(),
    to: new Date(last.timeMs).toISOString(),
    points,
  };
  const end = `"properties":${JSON.stringify(properties)}}`;
  if (points > 1) return `]},${end}`;
  return `${features === 0 ? '\n' : ',\n'}{"type":"Feature","geometry":{"type":"Point","coordinates":${position(first, first.altitudeM)}},${end}`;
}
