import { bits, byte, percent, pid, signedWord, trim, wideCelsius, word, type Spec } from './field.js';
import type { ObdRow } from './row.js';

/** Bank and sensor of the eight oxygen sensors, in the order of their PIDs (PID 13: two banks of four). */
const O2 = Array.from({ length: 8 }, (_, at) => at + 1);

/** SAE J1979 service 01, PIDs 01 to 3F, without those of the core. PID 02 belongs to freeze frames (service 02). */
export const MODE01_TO_3F: readonly ObdRow[] = [
  ...pid(
    0x01,
    4,
    ['mil', 'Status.IsMILOn', 'malfunction indicator', '', bits(0, 0x80)],
    ['dtcn', 'Status.DTCCount', 'number of trouble codes', '', bits(0, 0x7f)],
    ['ign', 'Status.IgnitionType', 'compression ignition', '', bits(1, 0x08)],
    ['rdyb', 'Status.ContinuousMonitors', 'continuous monitors, bits', '', bits(1, 0x77)],
    ['rdyc', 'Status.MonitorsSupported', 'monitors that exist, bits', '', byte(2)],
    ['rdyd', 'Status.MonitorsIncomplete', 'monitors not complete, bits', '', byte(3)],
  ),
  ...pid(
    0x03,
    2,
    ['fs1', 'FuelStatus1', 'fuel system 1', '', byte(0)],
    ['fs2', 'FuelStatus2', 'fuel system 2', '', byte(1)],
  ),
  // Bank 3 and 4 follow in a second byte in cars that have them (PID 1D).
  ...pid(
    0x06,
    1,
    ['stf1', 'ShortTermFuelTrim1', 'short term fuel trim, bank 1', 'percent', trim(0), { tier: 'medium' }],
    ['stf3', 'ShortTermFuelTrim3', 'short term fuel trim, bank 3', 'percent', trim(1), { tier: 'medium' }],
  ),
  ...pid(
    0x07,
    1,
    ['ltf1', 'LongTermFuelTrim1', 'long term fuel trim, bank 1', 'percent', trim(0)],
    ['ltf3', 'LongTermFuelTrim3', 'long term fuel trim, bank 3', 'percent', trim(1)],
  ),
  ...pid(
    0x08,
    1,
    ['stf2', 'ShortTermFuelTrim2', 'short term fuel trim, bank 2', 'percent', trim(0), { tier: 'medium' }],
    ['stf4', 'ShortTermFuelTrim4', 'short term fuel trim, bank 4', 'percent', trim(1), { tier: 'medium' }],
  ),
  ...pid(
    0x09,
    1,
    ['ltf2', 'LongTermFuelTrim2', 'long term fuel trim, bank 2', 'percent', trim(0)],
    ['ltf4', 'LongTermFuelTrim4', 'long term fuel trim, bank 4', 'percent', trim(1)],
  ),
  ...pid(0x0a, 1, ['fpr', 'FuelPressure', 'fuel pressure (gauge)', 'kPa', byte(0, 3)]),
  ...pid(0x0e, 1, [
    'tadv',
    'TimingAdvance',
    'timing advance, cylinder 1',
    'degrees',
    byte(0, 1, 2, -64),
    { tier: 'medium' },
  ]),
  ...pid(0x12, 1, ['air', 'SecondaryAirStatus', 'commanded secondary air, code', '', byte(0)]),
  ...pid(0x13, 1, ['o2n2', 'OxygenSensorsIn2Banks', 'oxygen sensors in two banks, bits', '', byte(0)]),
  ...O2.flatMap(n =>
    pid(
      0x13 + n,
      2,
      [`o${n}v`, `O2.Sensor${n}.Voltage`, `oxygen sensor ${n}, voltage`, 'V', byte(0, 1, 200)],
      [`o${n}t`, `O2.Sensor${n}.ShortTermFuelTrim`, `oxygen sensor ${n}, fuel trim`, 'percent', trim(1, { none: 255 })],
    ),
  ),
  ...pid(0x1c, 1, ['ostd', 'OBDStandards', 'OBD requirements met, code', '', byte(0)]),
  ...pid(0x1d, 1, ['o2n4', 'OxygenSensorsIn4Banks', 'oxygen sensors in four banks, bits', '', byte(0)]),
  ...pid(0x1e, 1, ['pto', 'IsPTOActive', 'power take-off active', '', bits(0, 0x01)]),
  ...pid(0x1f, 2, ['run', 'RunTime', 'time since engine start', 's', word(0)]),
  ...pid(0x21, 2, ['mild', 'DistanceWithMIL', 'distance with the indicator on', 'km', word(0)]),
  ...pid(0x22, 2, ['frpv', 'FuelRailPressureVac', 'fuel rail pressure, above manifold', 'kPa', word(0, 79, 1000)]),
  ...pid(0x23, 2, ['frpd', 'FuelRailPressureDirect', 'fuel rail pressure (gauge)', 'kPa', word(0, 10)]),
  ...O2.flatMap(n => pid(0x23 + n, 4, ...wideRange(n, 'v'))),
  ...pid(0x2c, 1, ['cegr', 'CommandedEGR', 'commanded EGR', 'percent', percent(0)]),
  ...pid(0x2d, 1, ['eegr', 'EGRError', 'EGR error', 'percent', trim(0)]),
  ...pid(0x2e, 1, ['cevp', 'CommandedEVAP', 'commanded evaporative purge', 'percent', percent(0)]),
  ...pid(0x32, 2, ['evp', 'EVAPVaporPressure', 'evaporative system pressure', 'Pa', signedWord(0, 1, 4)]),
  ...O2.flatMap(n => pid(0x33 + n, 4, ...wideRange(n, 'i'))),
  ...[1, 2].flatMap(sensor =>
    [1, 2].flatMap(bank =>
      pid(0x3c + 2 * (sensor - 1) + (bank - 1), 2, [
        `ct${bank}${sensor}`,
        `Catalyst.Bank${bank}.Temperature${sensor}`,
        `catalyst temperature, bank ${bank} sensor ${sensor}`,
        'Celsius',
        wideCelsius(0),
      ]),
    ),
  ),
];

/** Wide-range sensors: lambda and voltage (PID 24 on), or lambda and pump current (PID 34 on). */
function wideRange(n: number, by: 'v' | 'i'): Spec[] {
  const at = `O2WR.Sensor${n}`;
  const lambda = word(0, 1, 32_768);
  const name = `wide-range sensor ${n}`;
  const fine = { tier: 'medium', resolution: 0.001 } as const;
  return by === 'v'
    ? [
        [`w${n}l`, `${at}.Lambda`, `${name}, lambda`, 'ratio', lambda, { ...fine, max: 2 }],
        [`w${n}v`, `${at}.Voltage`, `${name}, voltage`, 'V', word(2, 1, 8192), { tier: 'medium', resolution: 0.001 }],
      ]
    : [
        [`x${n}l`, `${at}.LambdaByCurrent`, `${name}, lambda (current)`, 'ratio', lambda, { ...fine, max: 2 }],
        [`x${n}i`, `${at}.Current`, `${name}, current`, 'mA', word(2, 1, 256, -128), { tier: 'medium' }],
      ];
}
