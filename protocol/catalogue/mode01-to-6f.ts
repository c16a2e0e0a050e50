import { bits, byte, celsius, percent, pid, trim, word, type Spec } from './field.js';
import type { ObdRow } from './row.js';
import { AB, commandedAndActual, kPa32, kPaTens, row, spoken, TWO_BY_TWO } from './sensors.js';

/** SAE J1979 service 01, PIDs 61 to 6F: torque, and what engines with several sensors of a kind have. */
export const MODE01_TO_6F: readonly ObdRow[] = [
  ...pid(0x61, 1, ['tqd', 'DemandedTorque', 'demanded torque', 'percent', byte(0, 1, 1, -125), { tier: 'medium' }]),
  ...pid(0x62, 1, ['tqa', 'ActualTorque', 'actual torque', 'percent', byte(0, 1, 1, -125), { tier: 'medium' }]),
  ...pid(0x63, 2, ['tqr', 'ReferenceTorque', 'reference torque', 'Nm', word(0)]),
  ...pid(
    0x64,
    5,
    ...[0, 1, 2, 3, 4].map<Spec>(at => [
      `tqp${at}`,
      `TorquePoint${at}`,
      at === 0 ? 'torque at idle' : `torque at point ${at + 1}`,
      'percent',
      byte(at, 1, 1, -125),
    ]),
  ),
  ...pid(
    0x65,
    2,
    ['xpto', 'Auxiliary.IsPTOActive', 'power take-off', '', bits(1, 0x01, { present: 0 })],
    ['xatn', 'Auxiliary.AutomaticInDrive', 'automatic gearbox in drive', '', bits(1, 0x02, { present: 1 })],
    ['xmtn', 'Auxiliary.ManualInGear', 'manual gearbox in gear', '', bits(1, 0x04, { present: 2 })],
    ['xglp', 'Auxiliary.IsGlowPlugLampOn', 'glow plug lamp', '', bits(1, 0x08, { present: 3 })],
    ['xgr', 'Auxiliary.RecommendedGear', 'recommended gear', '', bits(1, 0xf0, { present: 4 })],
  ),
  ...pid(
    0x66,
    5,
    ['mafa', 'MAFSensorA', 'air flow, sensor A', 'g/s', kPa32(1, { present: 0 }), { tier: 'fast' }],
    ['mafb', 'MAFSensorB', 'air flow, sensor B', 'g/s', kPa32(3, { present: 1 }), { tier: 'fast' }],
  ),
  ...pid(
    0x67,
    3,
    ...row(celsius, 1, 'Celsius', [
      ['ect1', 'CoolantTemperature1', 'coolant temperature 1'],
      ['ect2', 'CoolantTemperature2', 'coolant temperature 2'],
    ]),
  ),
  ...pid(
    0x68,
    7,
    ...row(
      celsius,
      1,
      'Celsius',
      [11, 12, 13, 21, 22, 23].map(at => [`it${at}`, `IntakeTemperature${at}`, `intake temperature, ${spoken(at)}`]),
    ),
  ),
  ...pid(
    0x69,
    7,
    ...AB.flatMap<Spec>((name, at) => [
      [
        `egc${name}`,
        `EGR${name}.Commanded`,
        `EGR ${name}, commanded`,
        'percent',
        percent(1 + 3 * at, { present: 3 * at }),
      ],
      [
        `ega${name}`,
        `EGR${name}.Actual`,
        `EGR ${name}, actual`,
        'percent',
        percent(2 + 3 * at, { present: 3 * at + 1 }),
      ],
      [`ege${name}`, `EGR${name}.Error`, `EGR ${name}, error`, 'percent', trim(3 + 3 * at, { present: 3 * at + 2 })],
    ]),
  ),
  ...pid(0x6a, 5, ...commandedAndActual('ia', 'IntakeAirFlow', 'diesel intake air flow')),
  ...pid(
    0x6b,
    5,
    ...TWO_BY_TWO.map<Spec>((place, at) => [
      `eg${place}`,
      `EGRTemperature${place}`,
      `EGR temperature, ${spoken(place)}`,
      'Celsius',
      celsius(1 + at, { present: at, wide: 4 + at }),
    ]),
  ),
  ...pid(0x6c, 5, ...commandedAndActual('th', 'ThrottleActuator', 'throttle actuator')),
  ...pid(
    0x6d,
    11,
    ...AB.flatMap<Spec>((name, at) => [
      [
        `frc${name}`,
        `FuelRail${name}.CommandedPressure`,
        `fuel rail ${name}, commanded`,
        'kPa',
        kPaTens(1 + 5 * at, { present: 3 * at }),
      ],
      [
        `fra${name}`,
        `FuelRail${name}.Pressure`,
        `fuel rail ${name}, pressure`,
        'kPa',
        kPaTens(3 + 5 * at, { present: 3 * at + 1 }),
      ],
      [
        `frt${name}`,
        `FuelRail${name}.Temperature`,
        `fuel rail ${name}, temperature`,
        'Celsius',
        celsius(5 + 5 * at, { present: 3 * at + 2 }),
      ],
    ]),
  ),
  ...pid(0x6e, 9, ...commandedAndActual('ip', 'InjectionPressure', 'injection pressure', kPaTens, 2, 'kPa')),
  ...pid(
    0x6f,
    3,
    ...row((at, more) => byte(at, 1, 1, 0, more), 1, 'kPa', [
      ['tip1', 'TurboInletPressureA', 'turbocharger A, inlet pressure'],
      ['tip2', 'TurboInletPressureB', 'turbocharger B, inlet pressure'],
    ]),
  ),
];
