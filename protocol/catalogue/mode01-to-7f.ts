import { bits, byte, celsius, pid, wideCelsius, word, type Spec } from './field.js';
import type { ObdRow } from './row.js';
import {
  AB,
  commandedAndActual,
  exhaustTemperatures,
  kPa100,
  kPa32,
  row,
  seconds,
  spoken,
  TWO_BY_TWO,
} from './sensors.js';

/** SAE J1979 service 01, PIDs 70 to 7F: turbochargers, exhaust, particulate filters, run times. */
export const MODE01_TO_7F: readonly ObdRow[] = [
  ...pid(0x70, 10, ...boost()),
  ...pid(0x71, 6, ...commandedAndActual('vg', 'VariableGeometryTurbo', 'variable turbine')),
  ...pid(0x72, 5, ...commandedAndActual('wg', 'Wastegate', 'wastegate')),
  ...pid(
    0x73,
    5,
    ...row(kPa100, 2, 'kPa', [
      ['exp1', 'ExhaustPressure1', 'exhaust pressure, bank 1'],
      ['exp2', 'ExhaustPressure2', 'exhaust pressure, bank 2'],
    ]),
  ),
  ...pid(
    0x74,
    5,
    ...row((at, more) => word(at, 10, 1, 0, more), 2, 'rpm', [
      ['trpa', 'TurboSpeedA', 'turbocharger A, speed'],
      ['trpb', 'TurboSpeedB', 'turbocharger B, speed'],
    ]),
  ),
  ...AB.flatMap((name, at) =>
    pid(
      0x75 + at,
      7,
      [
        `tci${name}`,
        `Turbo${name}.CompressorInlet`,
        `turbocharger ${name}, compressor inlet`,
        'Celsius',
        celsius(1, { present: 0 }),
      ],
      [
        `tco${name}`,
        `Turbo${name}.CompressorOutlet`,
        `turbocharger ${name}, compressor outlet`,
        'Celsius',
        celsius(2, { present: 1 }),
      ],
      [
        `tti${name}`,
        `Turbo${name}.TurbineInlet`,
        `turbocharger ${name}, turbine inlet`,
        'Celsius',
        wideCelsius(3, { present: 2 }),
      ],
      [
        `tto${name}`,
        `Turbo${name}.TurbineOutlet`,
        `turbocharger ${name}, turbine outlet`,
        'Celsius',
        wideCelsius(5, { present: 3 }),
      ],
    ),
  ),
  ...pid(
    0x77,
    5,
    ...row(
      celsius,
      1,
      'Celsius',
      TWO_BY_TWO.map(place => [`ca${place}`, `ChargeAirCooler${place}`, `charge air cooler, ${spoken(place)}`]),
    ),
  ),
  ...[1, 2].flatMap(bank => pid(0x77 + bank, 9, ...exhaustTemperatures(bank, 1))),
  ...[1, 2].flatMap(bank =>
    pid(
      0x79 + bank,
      7,
      [
        `dpd${bank}`,
        `DPF${bank}.DeltaPressure`,
        `particulate filter ${bank}, pressure difference`,
        'kPa',
        word(1, 1, 100, -327.68, { present: 0 }),
      ],
      [
        `dpi${bank}`,
        `DPF${bank}.InletPressure`,
        `particulate filter ${bank}, inlet pressure`,
        'kPa',
        kPa100(3, { present: 1 }),
      ],
      [
        `dpo${bank}`,
        `DPF${bank}.OutletPressure`,
        `particulate filter ${bank}, outlet pressure`,
        'kPa',
        kPa100(5, { present: 2 }),
      ],
    ),
  ),
  ...pid(
    0x7c,
    9,
    ...row(wideCelsius, 2, 'Celsius', [
      ['dti1', 'DPF1.InletTemperature', 'particulate filter 1, inlet temperature'],
      ['dto1', 'DPF1.OutletTemperature', 'particulate filter 1, outlet temperature'],
      ['dti2', 'DPF2.InletTemperature', 'particulate filter 2, inlet temperature'],
      ['dto2', 'DPF2.OutletTemperature', 'particulate filter 2, outlet temperature'],
    ]),
  ),
  ...pid(0x7d, 1, ['ntn', 'NOxControlArea', 'NOx control area, bits', '', byte(0)]),
  ...pid(0x7e, 1, ['ntp', 'PMControlArea', 'PM control area, bits', '', byte(0)]),
  ...pid(
    0x7f,
    13,
    ...row(seconds, 4, 's', [
      ['ert', 'EngineRunTime.Total', 'engine run time'],
      ['eri', 'EngineRunTime.Idle', 'engine run time, idle'],
      ['erp', 'EngineRunTime.PTO', 'engine run time, power take-off'],
    ]),
  ),
];

/** PID 70: bits 2 and 5 of A stand for the status in byte J, so that those of B are 3 and 4. */
function boost(): Spec[] {
  return AB.flatMap<Spec>((name, at) => [
    [`bpc${name}`, `Boost${name}.Commanded`, `boost ${name}, commanded`, 'kPa', kPa32(1 + 4 * at, { present: 3 * at })],
    [`bpa${name}`, `Boost${name}.Actual`, `boost ${name}, actual`, 'kPa', kPa32(3 + 4 * at, { present: 3 * at + 1 })],
    [
      `bps${name}`,
      `Boost${name}.Control`,
      `boost ${name}, control status, code`,
      '',
      bits(9, 0x03 << (2 * at), { present: 3 * at + 2 }),
    ],
  ]);
}
