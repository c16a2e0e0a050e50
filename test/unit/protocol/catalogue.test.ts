import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../common/package-root.js';
import { isPlausible, signalByWire, SIGNALS, signalsOfPid } from '../../../protocol/signals.js';

/** See test/captures/device/README.md. */
interface PidVectors {
  readonly pid: string;
  readonly source: string;
  readonly vectors: readonly (readonly [hex: string, values: Readonly<Record<string, number>>])[];
}
const VECTORS = JSON.parse(
  readFileSync(join(packageRoot(), 'test', 'captures', 'device', 'mode01-vectors.json'), 'utf8'),
) as readonly PidVectors[];

/** Wire name, path and unit of what stored reports carry. */
const FIRST_RELEASE = `
lat Vehicle.CurrentLocation.Latitude degrees
lon Vehicle.CurrentLocation.Longitude degrees
alt Vehicle.CurrentLocation.Altitude m
hdg Vehicle.CurrentLocation.Heading degrees
acc Vehicle.CurrentLocation.HorizontalAccuracy m
fix Vehicle.CurrentLocation.GNSSReceiver.FixType
spd Vehicle.OBD.Speed km/h
rpm Vehicle.OBD.EngineSpeed rpm
maf Vehicle.OBD.MAF g/s
thr Vehicle.OBD.ThrottlePosition percent
load Vehicle.OBD.EngineLoad percent
map Vehicle.OBD.MAP kPa
fuel Vehicle.Derived.FuelRate l/h
co2 Vehicle.Derived.CO2Rate g/s
fuelm Vehicle.Derived.FuelMethod
frate Vehicle.OBD.FuelRate l/h
lam Vehicle.OBD.CommandedEquivalenceRatio ratio
flvl Vehicle.OBD.FuelLevel percent
ect Vehicle.OBD.CoolantTemperature Celsius
iat Vehicle.OBD.IntakeTemp Celsius
wup Vehicle.OBD.WarmupsSinceDTCClear
dist Vehicle.OBD.DistanceSinceDTCClear km
baro Vehicle.OBD.BarometricPressure kPa
ftyp Vehicle.OBD.FuelType
`;

const viewOf = (hex: string): DataView => {
  const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
  return new DataView(bytes.buffer);
};
const OBD = SIGNALS.filter(row => row.obd !== undefined);
const PIDS = [...new Set(OBD.map(row => row.obd!.pid))];

describe('the catalogue of service 01', () => {
  it('covers the PIDs from 01 to A6 but those of no fixed formula', () => {
    // 02 is of freeze frames; the bitmaps are no signals; 95 to 97 and A0 are reserved; A3 has several forms.
    const without = [0x02, 0x20, 0x40, 0x60, 0x80, 0x95, 0x96, 0x97, 0xa0, 0xa3];
    const wanted = Array.from({ length: 0xa6 }, (_, at) => at + 1).filter(pid => !without.includes(pid));
    assert.deepEqual(
      [...PIDS].sort((x, y) => x - y),
      wanted,
    );
  });

  it('has worked vectors for every PID', () =>
    assert.deepEqual(new Set(VECTORS.map(({ pid }) => parseInt(pid, 16))), new Set(PIDS)));

  for (const { pid, source, vectors } of VECTORS)
    it(`decodes PID ${pid} as ${source} has it`, () => {
      for (const [hex, wanted] of vectors) {
        const found = new Map(
          signalsOfPid(parseInt(pid, 16)).map(row => [row.wire, row.obd.decode(viewOf(hex))] as const),
        );
        for (const [wire, value] of found) {
          const want = wanted[wire];
          if (want === undefined) assert.equal(value, undefined, `${hex}: ${wire}`);
          else
            assert.ok(
              Math.abs((value ?? NaN) - want) <= 1e-6 * Math.max(1, Math.abs(want)),
              `${hex}: ${wire} ${value}, not ${want}`,
            );
        }
        for (const wire of Object.keys(wanted)) assert.ok(found.has(wire), `${hex}: ${wire} is not decoded`);
      }
    });

  it('keeps every value that a PID can give within the range of its row, and says no value where its bytes end', () => {
    for (const row of OBD) {
      const { bytes, decode } = row.obd!;
      for (const fill of [0x00, 0x0f, 0x7f, 0x80, 0xff])
        for (const flags of [0x00, 0x0f, 0xff]) {
          const data = new Uint8Array(bytes + 1).fill(fill);
          data[0] = bytes > 1 ? flags : fill;
          const value = decode(new DataView(data.buffer));
          assert.ok(value === undefined || isPlausible(row, value) || row.wire === 'ftyp', `${row.wire} ${value}`);
        }
      assert.equal(decode(new DataView(new ArrayBuffer(0))), undefined, row.wire);
    }
  });

  it('gives every signal of the car a formula, a unit, a range and a step', () => {
    for (const row of OBD) {
      assert.match(row.obd!.formula, /[A-Z]/, row.wire);
      assert.ok(row.min! < row.max! && row.resolution! > 0, row.wire);
      assert.match(row.wire, /^[a-zA-Z0-9]{2,5}$/);
    }
  });

  it('keeps name, path and unit of everything that stored reports carry', () => {
    for (const line of FIRST_RELEASE.trim().split('\n')) {
      const [wire = '', path, unit = ''] = line.split(' ');
      const row = signalByWire(wire);
      assert.deepEqual([row?.path, row?.unit], [path, unit], wire);
    }
  });
});
