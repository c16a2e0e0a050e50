import { bits, byte, celsius, long, percent, pid, signedWord, word, type Field, type Spec } from './field.js';
import type { ObdRow } from './row.js';
import { exhaustTemperatures, spoken } from './sensors.js';

type Name = readonly [wire: string, tail: string, label: string];

/** Words one behind the other from byte B on, each with the next bit of byte A for "there is one". */
const words = (unit: string, mul: number, div: number, names: readonly Name[], firstBit = 0, firstByte = 1): Spec[] =>
  names.map(([wire, tail, label], at) => [
    wire,
    tail,
    label,
    unit,
    word(firstByte + 2 * at, mul, div, 0, { present: firstBit + at }),
  ]);

/** Bank and sensor in the order of the fields. */
const NOX = [11, 12, 21, 22] as const;
const hours = (at: number, present?: number): Field => word(at, 1, 1, 0, present === undefined ? {} : { present });

/** SAE J1979 service 01, PIDs 81 to A6: after-treatment, hybrids, gearbox, odometer. */
export const MODE01_TO_A6: readonly ObdRow[] = [
  ...(
    [
      [0x81, 1],
      [0x82, 6],
      [0x89, 11],
      [0x8a, 16],
    ] as const
  ).flatMap(([id, first]) => pid(id, 41, ...runTimes(first))),
  ...pid(
    0x83,
    9,
    ...words(
      'ppm',
      1,
      1,
      NOX.map(at => [`nx${at}`, `NOx${at}`, `NOx, ${spoken(at)}`]),
    ),
  ),
  ...pid(0x84, 1, ['mst', 'ManifoldSurfaceTemperature', 'manifold surface temperature', 'Celsius', celsius(0)]),
  ...pid(
    0x85,
    10,
    ['rgc', 'Reagent.Consumption', 'reagent, mean consumption', 'l/h', word(1, 1, 200, 0, { present: 0 })],
    ['rgd', 'Reagent.Demanded', 'reagent, mean demand', 'l/h', word(3, 1, 200, 0, { present: 1 })],
    ['rgl', 'Reagent.Level', 'reagent, tank level', 'percent', percent(5, { present: 2 })],
    ['rgw', 'Reagent.WarningTime', 'run time with the NOx warning', 's', long(6, 1, 1, 0, { present: 3 })],
  ),
  ...pid(
    0x86,
    5,
    ...words('mg/m3', 1, 80, [
      ['pm1', 'PM1', 'particulate mass, bank 1'],
      ['pm2', 'PM2', 'particulate mass, bank 2'],
    ]),
  ),
  ...pid(
    0x87,
    5,
    ...words('kPa', 1, 32, [
      ['mapa', 'MAPSensorA', 'intake pressure, sensor A'],
      ['mapb', 'MAPSensorB', 'intake pressure, sensor B'],
    ]),
  ),
  ...pid(
    0x88,
    13,
    ['scr', 'SCR.InducementState', 'SCR inducement, bits', '', byte(0)],
    ['scr1', 'SCR.InducementDistance10', 'SCR inducement, distance in these 10,000 km', 'km', word(3)],
    ['scrd', 'SCR.Distance', 'SCR, distance in these 10,000 km', 'km', word(5)],
    ['scr2', 'SCR.InducementDistance20', 'SCR inducement, distance 10,000 km before', 'km', word(7)],
    ['scr3', 'SCR.InducementDistance30', 'SCR inducement, distance 20,000 km before', 'km', word(9)],
    ['scr4', 'SCR.InducementDistance40', 'SCR inducement, distance 30,000 km before', 'km', word(11)],
  ),
  ...pid(
    0x8b,
    7,
    ['rgn', 'DPFRegeneration.Active', 'filter regenerates', '', bits(1, 0x01, { present: 0 })],
    ['rgna', 'DPFRegeneration.Forced', 'regeneration is forced', '', bits(1, 0x02, { present: 1 })],
    ['rgnn', 'DPFRegeneration.NOx', 'NOx absorber regenerates', '', bits(1, 0x04, { present: 2 })],
    ['rgns', 'DPFRegeneration.Desulfurization', 'NOx absorber desulfurizes', '', bits(1, 0x08, { present: 3 })],
    ['rgnt', 'DPFRegeneration.Trigger', 'regeneration, normalised trigger', 'percent', percent(2, { present: 4 })],
    ['rgni', 'DPFRegeneration.Interval', 'mean time between regenerations', 'min', word(3, 1, 1, 0, { present: 5 })],
    ['rgnd', 'DPFRegeneration.Distance', 'mean distance between regenerations', 'km', word(5, 1, 1, 0, { present: 6 })],
  ),
  ...pid(0x8c, 17, ...wideOxygen([11, 12, 21, 22])),
  ...pid(0x8d, 1, ['thrg', 'ThrottlePositionG', 'throttle G', 'percent', percent(0)]),
  ...pid(0x8e, 1, ['tqf', 'FrictionTorque', 'friction torque', 'percent', byte(0, 1, 1, -125)]),
  ...pid(
    0x8f,
    7,
    ['pms1', 'PMSensor1.State', 'PM sensor 1, state, bits', '', byte(1, 1, 1, 0, { present: 0 })],
    ['pmo1', 'PMSensor1.Output', 'PM sensor 1, normalised output', 'percent', word(2, 1, 100, 0, { present: 1 })],
    ['pms2', 'PMSensor2.State', 'PM sensor 2, state, bits', '', byte(4, 1, 1, 0, { present: 2 })],
    ['pmo2', 'PMSensor2.Output', 'PM sensor 2, normalised output', 'percent', word(5, 1, 100, 0, { present: 3 })],
  ),
  ...pid(
    0x90,
    3,
    ['wwv', 'WWH.VehicleState', 'WWH-OBD of the vehicle, bits', '', byte(0)],
    ['wwvh', 'WWH.VehicleMILHours', 'WWH-OBD, hours with the indicator on', 'h', hours(1)],
  ),
  ...pid(
    0x91,
    5,
    ['wwe', 'WWH.ECUState', 'WWH-OBD of the control unit, bits', '', byte(0)],
    ['wweh', 'WWH.ECUMILHours', 'WWH-OBD of the control unit, hours with the indicator on', 'h', hours(1)],
    ['wwem', 'WWH.ECUB1Hours', 'WWH-OBD of the control unit, greatest hours', 'h', hours(3)],
  ),
  ...pid(0x92, 2, ['fsc', 'FuelControlLoops', 'fuel control in closed loop, bits', '', byte(1)]),
  ...pid(0x93, 3, [
    'wwc',
    'WWH.CumulativeMILHours',
    'WWH-OBD, continuous hours with the indicator on',
    'h',
    hours(1, 0),
  ]),
  ...pid(
    0x94,
    12,
    ['nxw', 'NOxWarning.State', 'NOx warning and inducement, bits', '', byte(1)],
    ['nxwq', 'NOxWarning.ReagentQualityHours', 'NOx warning, reagent quality', 'h', hours(2, 1)],
    ['nxwc', 'NOxWarning.ReagentConsumptionHours', 'NOx warning, reagent consumption', 'h', hours(4, 2)],
    ['nxwd', 'NOxWarning.DosingHours', 'NOx warning, dosing', 'h', hours(6, 3)],
    ['nxwe', 'NOxWarning.EGRHours', 'NOx warning, EGR valve', 'h', hours(8, 4)],
    ['nxwm', 'NOxWarning.MonitoringHours', 'NOx warning, monitoring', 'h', hours(10, 5)],
  ),
  ...[1, 2].flatMap(bank => pid(0x97 + bank, 9, ...exhaustTemperatures(bank, 5))),
  ...pid(
    0x9a,
    6,
    ['hevs', 'Hybrid.State', 'hybrid state, bits', '', byte(1)],
    ['hevv', 'Hybrid.BatteryVoltage', 'hybrid battery voltage', 'V', word(2, 1, 64, 0, { present: 1 })],
    ['hevi', 'Hybrid.BatteryCurrent', 'hybrid battery current', 'A', signedWord(4, 1, 10, 0, { present: 2 })],
  ),
  ...pid(
    0x9b,
    4,
    ['defc', 'DEF.Concentration', 'exhaust fluid, concentration', 'percent', byte(1, 1, 4, 0, { present: 0 })],
    ['deft', 'DEF.Temperature', 'exhaust fluid, temperature', 'Celsius', celsius(2, { present: 1 })],
    ['defl', 'DEF.Level', 'exhaust fluid, level', 'percent', percent(3, { present: 2 })],
  ),
  ...pid(0x9c, 17, ...wideOxygen([13, 14, 23, 24])),
  ...pid(
    0x9d,
    4,
    ['frg', 'EngineFuelRateMass', 'engine fuel rate', 'g/s', word(0, 1, 50), { tier: 'medium' }],
    ['frgv', 'VehicleFuelRateMass', 'vehicle fuel rate', 'g/s', word(2, 1, 50), { tier: 'medium' }],
  ),
  ...pid(0x9e, 2, ['exf', 'ExhaustFlow', 'exhaust flow', 'kg/h', word(0, 1, 5), { tier: 'medium' }]),
  ...pid(
    0x9f,
    9,
    ...[1, 2, 3, 4].flatMap(bank =>
      (['A', 'B'] as const).map<Spec>((name, at) => {
        const index = 2 * (bank - 1) + at;
        const label = `fuel system ${name}, bank ${bank}, share`;
        return [
          `fu${name}${bank}`,
          `FuelSystem${name}.UseBank${bank}`,
          label,
          'percent',
          percent(1 + index, { present: index }),
        ];
      }),
    ),
  ),
  ...pid(
    0xa1,
    9,
    ...words(
      'ppm',
      1,
      1,
      NOX.map(at => [`nc${at}`, `NOxCorrected${at}`, `NOx corrected, ${spoken(at)}`]),
    ),
  ),
  ...pid(0xa2, 2, [
    'cfr',
    'CylinderFuelRate',
    'fuel per stroke of a cylinder',
    'mg/stroke',
    word(0, 1, 32),
    { tier: 'medium' },
  ]),
  ...pid(
    0xa4,
    4,
    ['gear', 'Transmission.Gear', 'gear', '', bits(1, 0xf0, { present: 0 }), { tier: 'medium' }],
    ['gra', 'Transmission.Ratio', 'gear ratio', 'ratio', word(2, 1, 1000, 0, { present: 1 }), { tier: 'medium' }],
  ),
  ...pid(
    0xa5,
    4,
    ['dfd', 'DEF.Dosing', 'exhaust fluid, commanded dosing', 'percent', byte(1, 1, 2, 0, { present: 0 })],
    ['dfu', 'DEF.Usage', 'exhaust fluid used this drive cycle', 'l', word(2, 1, 2000, 0, { present: 1 })],
  ),
  ...pid(0xa6, 4, ['odo', 'Odometer', 'odometer', 'km', long(0, 1, 10)]),
];

/** Run times of five auxiliary emission control devices with two timers each, from `first` on. */
function runTimes(first: number): Spec[] {
  return [0, 1, 2, 3, 4].flatMap(at =>
    [1, 2].map<Spec>(timer => {
      const device = first + at;
      const name = `${device.toString(36)}${timer}`;
      const label = `control device ${device}, timer ${timer}`;
      return [
        `ae${name}`,
        `AECD${device}.Timer${timer}`,
        label,
        's',
        long(1 + 8 * at + 4 * (timer - 1), 1, 1, 0, { present: at }),
      ];
    }),
  );
}

/** PIDs 8C and 9C: oxygen concentration of four sensors, then their lambda. */
function wideOxygen(places: readonly number[]): Spec[] {
  const names = (wire: string, tail: string, label: string): Name[] =>
    places.map(place => [`${wire}${place}`, `${tail}${place}`, `${label}, ${spoken(place)}`]);
  return [
    ...words('percent', 100, 65_535, names('oc', 'O2Concentration', 'oxygen')),
    ...words('ratio', 1, 8192, names('ol', 'O2Lambda', 'lambda'), 4, 9),
  ];
}
