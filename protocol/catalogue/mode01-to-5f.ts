import { bits, byte, celsius, percent, pid, signedWord, trim, word } from './field.js';
import type { ObdRow } from './row.js';

/** SAE J1979 service 01, PIDs 41 to 5F, without those of the core. */
export const MODE01_TO_5F: readonly ObdRow[] = [
  ...pid(
    0x41,
    4,
    ['dcyb', 'DriveCycleStatus.ContinuousMonitors', 'continuous monitors this drive cycle, bits', '', bits(1, 0x77)],
    ['dcyc', 'DriveCycleStatus.MonitorsEnabled', 'monitors enabled this drive cycle, bits', '', byte(2)],
    ['dcyd', 'DriveCycleStatus.MonitorsIncomplete', 'monitors not complete this drive cycle, bits', '', byte(3)],
  ),
  ...pid(0x42, 2, [
    'vpwr',
    'ControlModuleVoltage',
    'control module voltage',
    'V',
    word(0, 1, 1000),
    { resolution: 0.1 },
  ]),
  ...pid(0x43, 2, ['labs', 'AbsoluteLoad', 'absolute load', 'percent', word(0, 100, 255), { tier: 'medium' }]),
  ...pid(0x45, 1, ['thrr', 'RelativeThrottlePosition', 'relative throttle', 'percent', percent(0), { tier: 'medium' }]),
  ...pid(0x46, 1, ['amb', 'AmbientAirTemperature', 'ambient temperature', 'Celsius', celsius(0)]),
  ...pid(0x47, 1, ['thrb', 'ThrottlePositionB', 'throttle B', 'percent', percent(0)]),
  ...pid(0x48, 1, ['thrc', 'ThrottlePositionC', 'throttle C', 'percent', percent(0)]),
  ...pid(0x49, 1, ['pedd', 'AcceleratorPositionD', 'accelerator pedal D', 'percent', percent(0), { tier: 'medium' }]),
  ...pid(0x4a, 1, ['pede', 'AcceleratorPositionE', 'accelerator pedal E', 'percent', percent(0)]),
  ...pid(0x4b, 1, ['pedf', 'AcceleratorPositionF', 'accelerator pedal F', 'percent', percent(0)]),
  ...pid(0x4c, 1, ['tact', 'ThrottleActuator', 'commanded throttle', 'percent', percent(0), { tier: 'medium' }]),
  ...pid(0x4d, 2, ['milt', 'RunTimeMIL', 'run time with the indicator on', 'min', word(0)]),
  ...pid(0x4e, 2, ['clrt', 'TimeSinceDTCCleared', 'run time since codes were cleared', 'min', word(0)]),
  ...pid(
    0x4f,
    4,
    ['mxlm', 'MaxEquivalenceRatio', 'greatest lambda of the sensors', 'ratio', byte(0)],
    ['mxo2', 'MaxO2Voltage', 'greatest oxygen sensor voltage', 'V', byte(1)],
    ['mxoi', 'MaxO2Current', 'greatest oxygen sensor current', 'mA', byte(2)],
    ['mxmp', 'MaxMAP', 'greatest intake pressure', 'kPa', byte(3, 10)],
  ),
  ...pid(0x50, 4, ['mxmf', 'MaxMAF', 'greatest air flow', 'g/s', byte(0, 10)]),
  ...pid(0x52, 1, ['eth', 'EthanolPercent', 'ethanol in the fuel', 'percent', percent(0)]),
  ...pid(0x53, 2, [
    'evpa',
    'EVAPVaporPressureAbsolute',
    'evaporative system pressure, absolute',
    'kPa',
    word(0, 1, 200),
  ]),
  ...pid(0x54, 2, ['evpw', 'EVAPVaporPressureAlternate', 'evaporative system pressure, wide', 'Pa', signedWord(0)]),
  ...(
    [
      [0x55, 'sot', 'ShortTermO2Trim', 'short term trim of the second sensor', 1],
      [0x56, 'lot', 'LongTermO2Trim', 'long term trim of the second sensor', 1],
      [0x57, 'sot', 'ShortTermO2Trim', 'short term trim of the second sensor', 2],
      [0x58, 'lot', 'LongTermO2Trim', 'long term trim of the second sensor', 2],
    ] as const
  ).flatMap(([id, wire, tail, label, bank]) =>
    pid(
      id,
      2,
      [`${wire}${bank}`, `${tail}Bank${bank}`, `${label}, bank ${bank}`, 'percent', trim(0)],
      [`${wire}${bank + 2}`, `${tail}Bank${bank + 2}`, `${label}, bank ${bank + 2}`, 'percent', trim(1)],
    ),
  ),
  ...pid(0x59, 2, ['frpa', 'FuelRailPressureAbsolute', 'fuel rail pressure, absolute', 'kPa', word(0, 10)]),
  ...pid(0x5a, 1, ['pedr', 'RelativeAcceleratorPosition', 'relative accelerator pedal', 'percent', percent(0)]),
  ...pid(0x5b, 1, ['soc', 'HybridBatteryRemaining', 'hybrid battery remaining', 'percent', percent(0)]),
  ...pid(0x5c, 1, ['oil', 'OilTemperature', 'oil temperature', 'Celsius', celsius(0)]),
  ...pid(0x5d, 2, ['inj', 'FuelInjectionTiming', 'injection timing', 'degrees', word(0, 1, 128, -210)]),
  ...pid(0x5f, 1, ['emis', 'EmissionRequirements', 'emission requirements, code', '', byte(0)]),
];
