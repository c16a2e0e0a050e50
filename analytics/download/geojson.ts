import { WAY_GAP_MS, type WayPoint } from './way-points.js';

const position = ({ longitude, latitude, altitudeM }: WayPoint): string =>
  JSON.stringify(altitudeM === undefined ? [longitude, latitude] : [longitude, latitude, altitudeM]);

interface Stretch {
  readonly first: WayPoint;
  last: WayPoint;
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
      stretch = { first: point, last: point, points: 1 };
      continue;
    }
    // That it is a line is known with its second place.
    yield stretch.points === 1
      ? `${features === 0 ? '\n' : ',\n'}{"type":"Feature","geometry":{"type":"LineString","coordinates":[${position(stretch.first)},${position(point)}`
      : `,${position(point)}`;
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
  return `${features === 0 ? '\n' : ',\n'}{"type":"Feature","geometry":{"type":"Point","coordinates":${position(first)}},${end}`;
}
