import assert from 'node:assert/strict';
import { csvCell, csvLines } from '../../../../analytics/download/csv.js';
import { geoJson } from '../../../../analytics/download/geojson.js';
import { gpx } from '../../../../analytics/download/gpx.js';
import { localTime } from '../../../../analytics/download/local-time.js';
import { wayPoints } from '../../../../analytics/download/way-points.js';
import type { Report } from '../../../../protocol/report.js';
import type { SenmlValue } from '../../../../protocol/senml.js';
import { signalByWire, type SignalRow } from '../../../../protocol/signals.js';

const T0 = Date.UTC(2026, 5, 1, 10);
const reportAt = (second: number, values: Readonly<Record<string, SenmlValue>>): Report => {
  const timeMs = T0 + second * 1_000;
  const samples = Object.entries(values).map(([name, value]) => ({ name, value, timeMs }));
  return { vehicle: 'car-1', boot: 2, seq: second + 1, timeMs, samples };
};
async function* of(...reports: Report[]): AsyncGenerator<Report> {
  yield* reports;
}
const whole = async (parts: AsyncIterable<string>): Promise<string> => {
  let text = '';
  for await (const part of parts) text += part;
  return text;
};
const rows = (...wires: string[]) => wires.map(wire => signalByWire(wire) as SignalRow);
const place = (lat: number, lon = -3) => ({ lat, lon });

describe('a download as CSV', () => {
  it('has a line per report and a column per signal with its unit; what was not reported, or cannot be, is empty', async () => {
    const reports = of(
      reportAt(0, { spd: 50, fuelm: 'maf' }),
      reportAt(1, { spd: 900 }),
      reportAt(2, { lat: 41.123_456_78 }),
    );
    const text = await whole(csvLines(reports, rows('spd', 'fuelm', 'lat'), localTime('UTC')));
    assert.equal(
      text,
      'time,boot,seq,Vehicle.OBD.Speed [km/h],Vehicle.Derived.FuelMethod,Vehicle.CurrentLocation.Latitude [degrees]\r\n' +
        '2026-06-01T10:00:00.000Z,2,1,50,maf,\r\n' +
        '2026-06-01T10:00:02.000Z,2,3,,,41.12345678\r\n',
    );
  });

  for (const [value, cell] of [
    ['plain', 'plain'],
    ['a "b", c', '"a ""b"", c"'],
    ['=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'],
    ['-1+1', "'-1+1"],
    ['two\nlines', '"two\nlines"'],
    [-1.5, '-1.5'],
    [undefined, ''],
  ] as const)
    it(`writes ${JSON.stringify(value)} as a cell that no program takes for more`, () =>
      assert.equal(csvCell(value), cell));

  it('has times in a zone with its offset, also across a change of summer time', () => {
    const madrid = localTime('Europe/Madrid');
    const change = Date.UTC(2026, 9, 25, 1);
    assert.equal(madrid(change - 1), '2026-10-25T02:59:59.999+02:00');
    assert.equal(madrid(change), '2026-10-25T02:00:00.000+01:00');
    assert.equal(localTime('Asia/Kathmandu')(T0), '2026-06-01T15:45:00.000+05:45');
    assert.equal(localTime('America/New_York')(T0), '2026-06-01T06:00:00.000-04:00');
    assert.throws(() => localTime('Mars/Olympus'), { code: 'REQUEST_INVALID' });
  });
});

describe('the way of a vehicle as a download', () => {
  const drive = () =>
    wayPoints(
      of(
        reportAt(0, { ...place(41), spd: 36, hdg: 90, alt: 650.25 }),
        reportAt(1, { spd: 40 }),
        reportAt(2, place(41.001)),
        reportAt(3, { lat: 95, lon: 0 }),
        reportAt(100, { ...place(41.1), alt: 640 }),
        reportAt(300, place(41.2)),
        reportAt(301, { ...place(41.201), alt: 655 }),
        reportAt(302, place(41.202)),
      ),
    );

  it('is GeoJSON: a line for each stretch without a gap, a point where it was heard once', async () => {
    const found = JSON.parse(await whole(geoJson('car-1', drive()))) as {
      type: string;
      features: { geometry: { type: string; coordinates: unknown[] }; properties: Record<string, unknown> }[];
    };
    assert.equal(found.type, 'FeatureCollection');
    assert.deepEqual(
      found.features.map(({ geometry, properties }) => [
        geometry.type,
        geometry.coordinates.length,
        properties['points'],
      ]),
      [
        ['LineString', 2, 2],
        ['Point', 3, 1],
        ['LineString', 3, 3],
      ],
    );
    assert.deepEqual(found.features[0]?.geometry.coordinates, [
      [-3, 41, 650.25],
      [-3, 41.001, 650.25],
    ]);
    assert.deepEqual(found.features[1]?.geometry.coordinates, [-3, 41.1, 640]);
    assert.deepEqual(
      found.features[2]?.geometry.coordinates.map(position => (position as unknown[]).length),
      [2, 2, 2],
      'a line that begins without altitude has none',
    );
    assert.deepEqual(found.features[0]?.properties['from'], '2026-06-01T10:00:00.000Z');
    const none = await whole(geoJson('car-1', wayPoints(of())));
    assert.deepEqual(JSON.parse(none), { type: 'FeatureCollection', features: [] });
  });

  it('is GPX: well formed, a segment for each stretch, speed in metres a second', async () => {
    const text = await whole(gpx('car-1', drive()));
    assert.equal(text.match(/<trkseg>/g)?.length, 3);
    assert.equal(text.match(/<trkpt /g)?.length, 6);
    assert.match(
      text,
      /<trkpt lat="41\.0000000" lon="-3\.0000000"><ele>650\.\d<\/ele><time>2026-06-01T10:00:00\.000Z<\/time>/,
    );
    assert.match(text, /<gpxtpx:speed>10\.00<\/gpxtpx:speed><gpxtpx:course>90<\/gpxtpx:course>/);
    const open: string[] = [];
    for (const [, close, name, empty] of text.matchAll(/<(\/?)([a-z:]+)[^>]*?(\/?)>/gi))
      if (close === '/') assert.equal(open.pop(), name);
      else if (empty !== '/' && name !== undefined) open.push(name);
    assert.deepEqual(open, []);
    assert.doesNotMatch(await whole(gpx('car-1', wayPoints(of()))), /trkseg/);
  });
});
