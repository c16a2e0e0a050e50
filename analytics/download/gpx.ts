import { WAY_GAP_MS, type WayPoint } from './way-points.js';

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="edgetwin" xmlns="http://www.topografix.com/GPX/1/1" xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">
<trk><name>`;

/** GPX 1.1, a segment for each stretch of the way without a gap; speed and course as Garmin's TrackPointExtension v2 has them. */
export async function* gpx(vehicle: string, points: AsyncIterable<WayPoint>): AsyncGenerator<string> {
  // A vehicle's id has no character that XML minds.
  yield `${HEAD}${vehicle}</name>`;
  let lastMs: number | undefined;
  for await (const point of points) {
    if (lastMs === undefined || point.timeMs - lastMs > WAY_GAP_MS)
      yield lastMs === undefined ? '<trkseg>\n' : '</trkseg>\n<trkseg>\n';
    lastMs = point.timeMs;
    yield trackPoint(point);
  }
  yield `${lastMs === undefined ? '' : '</trkseg>'}</trk>\n</gpx>\n`;
}

function trackPoint({ timeMs, latitude, longitude, altitudeM, speedKmh, headingDeg }: WayPoint): string {
  const elevation = altitudeM === undefined ? '' : `<ele>${altitudeM.toFixed(1)}</ele>`;
  const speed = speedKmh === undefined ? '' : `<gpxtpx:speed>${(speedKmh / 3.6).toFixed(2)}</gpxtpx:speed>`;
  const course = headingDeg === undefined ? '' : `<gpxtpx:course>${headingDeg % 360}</gpxtpx:course>`;
  const extension =
    speed + course === ''
      ? ''
      : `<extensions><gpxtpx:TrackPointExtension>${speed}${course}</gpxtpx:TrackPointExtension></extensions>`;
  const time = new Date(timeMs).toISOString();
  return `<trkpt lat="${latitude.toFixed(7)}" lon="${longitude.toFixed(7)}">${elevation}<time>${time}</time>${extension}</trkpt>\n`;
}
