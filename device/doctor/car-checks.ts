import { signalByWire, signalsOfPid } from '../../protocol/signals.js';
import { ofWhat, plainly } from './words.js';
import { fault, note, ok, warning, type Check, type Finding } from './findings.js';
import type { CarSeen, Observations } from './observations.js';

type Seen = Extract<CarSeen, { at: 'seen' }>;
const seenCar = ({ car }: Observations): Seen | undefined => (car.at === 'seen' ? car : undefined);
/** A question about a car that answers. */
const ofCar =
  (look: (seen: Seen) => Finding | undefined) =>
  (all: Observations): Finding | undefined => {
    const seen = seenCar(all);
    return seen === undefined ? undefined : look(seen);
  };

/** What keeps a port from being opened, by the words of the system: what it means, and what to do. */
const OBSTACLES: readonly (readonly [RegExp, means: string, todo: string])[] = [
  [
    /EACCES|permission denied/i,
    'this user may not open serial ports',
    'sudo usermod -aG dialout $USER, then log in again; or run the doctor with sudo',
  ],
  [
    /EBUSY|cannot lock|resource temporarily unavailable|busy/i,
    'another program has the port: an agent of another folder, ModemManager, a terminal',
    'sudo fuser -v on the port names it; ModemManager can be removed: sudo apt remove modemmanager',
  ],
  [
    /not plugged in|nothing is plugged in|ENOENT|no such file/i,
    'the adapter is not there: it was pulled, it has no power, or the port has another name',
    'look into ls -l /dev/serial/by-id; plug the adapter in, and set obd.serial to its name there, or to auto',
  ],
  [
    /no adapter speaks/i,
    'something is plugged in, and it is no OBD adapter, or it hangs',
    'pull it and plug it in again; look whether obd.serial names a GPS receiver or a modem',
  ],
  [
    /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|no connection in time/i,
    'the Wi-Fi adapter is not to be reached',
    'join its Wi-Fi; it has power only while it is in the plug of the car; one program at a time may use it',
  ],
];

function adapter({ car }: Observations): Finding {
  switch (car.at) {
    case 'none':
      return warning(
        'no adapter is set',
        'the car is not read; only positions are reported',
        'set EDGETWIN_OBD_SERIAL=auto, or for a Wi-Fi adapter EDGETWIN_OBD_TCP=192.168.0.10:35000',
      );
    case 'held':
      return note('the running agent has the adapter', 'what it sees of the car cannot be asked');
    case 'unreachable': {
      const obstacle = OBSTACLES.find(([pattern]) => pattern.test(car.say));
      const [, means, todo] = obstacle ?? [
        undefined,
        'the adapter does not do what adapters do',
        'pull it, wait ten seconds, plug it in again, and ask the doctor once more',
      ];
      return fault(ofWhat(car.where, car.say), means, todo);
    }
    case 'seen': {
      const { link = 'the adapter', adapter: id, stn, state } = car.car;
      if (state === 'away')
        return fault(
          'the agent has lost its adapter',
          'it was pulled, or it hangs; the agent tries again by itself',
          'plug it in; where it is, pull it and plug it in again',
        );
      if (id === undefined) return note(`${link} is being set up`, undefined, 'ask again in half a minute');
      return ok(`${id}${stn === undefined ? '' : ` (${stn})`} at ${link}`);
    }
  }
}

const maker = ofCar(({ car: { adapter: id, isClone, stn }, hasPrompts, takesCounts }) => {
  if (id === undefined || isClone === undefined) return undefined;
  if (stn !== undefined) return ok('a genuine STN adapter');
  if (!isClone) return ok(`${id}: nothing tells it from a genuine one`);
  const faults = [
    ...(hasPrompts === false ? ['does not say when an answer is over'] : []),
    ...(takesCounts === false ? ['does not understand how many answers are awaited'] : []),
  ];
  if (faults.length === 0) return note(`${id} is a copy`, 'it does what is needed; others are faster');
  return warning(
    `${id} is a copy that ${faults.join(' and ')}`,
    'each answer is waited for longer: fewer values a second than the car could tell',
    'it may stay; a genuine one (OBDLink, or with an STN chip) reads several times as fast',
  );
});

const bus = ofCar(({ car, runningV, trouble, by }) => {
  const { state, bus: name, voltageV, adapter: id } = car;
  if (id === undefined || state === 'away') return undefined;
  const volts = voltageV === undefined ? 'at an unknown voltage' : `at ${voltageV.toFixed(1)} V`;
  const words = trouble === undefined ? '' : ` (${plainly(trouble)})`;
  if (state === 'parked')
    return note(
      `the car is parked: it is silent, or its engine stands, ${volts}`,
      'it is left alone, so that its battery lasts',
      name === undefined ? 'switch the ignition on, and ask again' : 'nothing; it is read again when the engine runs',
    );
  if (name !== undefined) return ok(name);
  if (voltageV !== undefined && voltageV < runningV)
    return note(
      `no control unit answers ${volts}${words}`,
      'the ignition is off',
      'switch the ignition on, and ask again',
    );
  if (by === 'agent' && state === 'connecting')
    return note('the agent looks for the protocol of the car', undefined, 'ask again in half a minute');
  return fault(
    `no control unit answers ${volts}${words}`,
    voltageV === undefined
      ? 'the ignition is off, the plug is loose, or the adapter lacks the protocol of this car (many copies do, on K-line)'
      : 'the plug is loose, or the adapter lacks the protocol of this car (many copies do, on K-line)',
    'press the plug home with the ignition on; then try obd.protocol (3 or 5 for cars before 2008); then another adapter',
  );
});

const controlUnits = ofCar(({ car: { controlUnits: units = [], bus: name } }) => {
  if (name === undefined) return undefined;
  const named = units.filter(unit => unit !== '');
  if (named.length === 0) return note('control units answer without a name', 'the adapter does not show who answers');
  return ok(`${named.length === 1 ? 'one control unit' : `${named.length} control units`}: ${named.join(', ')}`);
});

/** Without these a drive says little. */
const NEEDED: readonly (readonly [pid: string, what: string])[] = [
  ['0D', 'speed'],
  ['0C', 'engine speed'],
];
const FUEL = ['5E', '9D', '10', '66', '0B'];

const signals = ofCar(({ car: { pids, bus: name } }) => {
  if (name === undefined || pids === undefined) return undefined;
  // Every 32nd tells which of the next there are.
  const values = pids.map(pid => Number.parseInt(pid, 16)).filter(pid => pid % 0x20 !== 0);
  const known = values.filter(pid => signalsOfPid(pid).length > 0);
  const read = known.length === values.length ? 'all of them read' : `of which ${known.length} are read`;
  const seen = `the car tells ${values.length} PIDs, ${read}`;
  const missing = NEEDED.filter(([pid]) => !pids.includes(pid)).map(([, what]) => what);
  if (missing.length > 0)
    return warning(
      `${seen}; ${missing.join(' and ')} not among them`,
      'the car does not tell it, or the adapter lost part of the answer',
      'ask again with the engine running; where it stays so, the car is one of the few',
    );
  if (!FUEL.some(pid => pids.includes(pid)))
    return note(`${seen}; neither fuel rate nor air flow among them`, 'fuel and CO2 cannot be told for this car');
  return ok(seen);
});

/** Of what a tier asks for, so much is good enough. */
const ENOUGH = 0.7;

/** `EngineSpeed` says more than `rpm` to most. */
const nameOf = (wire: string): string => signalByWire(wire)?.path.split('.').at(-1) ?? wire;

const rates = ofCar(({ car: { state, rates: all = {}, turnAroundMs, pidsPerRequest } }) => {
  const rows = Object.entries(all);
  if (state !== 'polling' || rows.length === 0) return undefined;
  const fastest = Math.max(...rows.map(([, { wantedHz }]) => wantedHz));
  const fast = rows.filter(([, { wantedHz }]) => wantedHz === fastest);
  const shown = fast.map(([wire, { hz }]) => `${nameOf(wire)} ${hz.toFixed(1)}`).join(', ');
  const pace = turnAroundMs === undefined ? '' : `; a request takes ${Math.round(turnAroundMs)} ms`;
  const each =
    pidsPerRequest === undefined ? '' : `, for up to ${pidsPerRequest} PID${pidsPerRequest === 1 ? '' : 's'}`;
  const seen = `values a second: ${shown} (${fastest} wanted)${pace}${each}`;
  const mean = fast.reduce((sum, [, { hz }]) => sum + hz, 0) / fast.length;
  if (mean >= ENOUGH * fastest) return ok(seen);
  return warning(
    seen,
    pidsPerRequest === 1
      ? 'the bus of this car is slow: one PID a request, and no more'
      : 'the adapter is slow, or busy with answers that it lost',
    'ask for less: --obd-rates flvl=slow,map=off,spd=fast:3, or a lower obd.fastHz; copies are slower than genuine ones',
  );
});

const voltage = ofCar(({ car: { voltageV: volts, adapter: id }, runningV, engineRpm }) => {
  if (id === undefined) return undefined;
  if (volts === undefined)
    return note('the adapter cannot measure the voltage', 'whether the engine runs is found out by asking the car');
  const seen = `${volts.toFixed(1)} V at the plug`;
  const isTruck = volts >= 20;
  if (isTruck && runningV < 20)
    return warning(
      `${seen}, and the engine counts as running from ${runningV} V on`,
      'this vehicle has 24 V: it would never count as parked, or the adapter measures wrongly',
      'set obd.runningV to 26.4; where a meter shows 12 V, take another adapter',
    );
  const battery = isTruck ? volts / 2 : volts;
  if (battery > 15.5)
    return warning(seen, 'the alternator charges too much, or the adapter measures wrongly', 'measure at the battery');
  if (battery < 11.8)
    return warning(seen, 'the battery is nearly empty', 'charge it; look what drains it before you blame the adapter');
  const isRunning = engineRpm !== undefined && engineRpm > 0;
  if (isRunning && volts < runningV)
    return warning(
      `${seen} with the engine running; by the settings it runs from ${runningV} V on`,
      'a car of which the ignition is off and one that runs look alike to the agent',
      `set obd.runningV to ${(volts - 0.3).toFixed(1)}, or have the alternator looked at`,
    );
  const engine = engineRpm === undefined ? '' : isRunning ? ', the engine runs' : ', the engine stands';
  return ok(`${seen}${engine}`);
});

const troubleCodes = ofCar(({ troubleCodes: codes }) => {
  if (codes === undefined) return undefined;
  if (codes.length === 0) return ok('no trouble codes are stored');
  return note(
    `trouble codes are stored: ${codes.join(' ')}`,
    'the car found faults of its own',
    'a workshop can tell what they mean; the agent never clears them',
  );
});

export const CAR_CHECKS: readonly Check[] = [
  { name: 'adapter', look: adapter },
  { name: 'maker', look: maker },
  { name: 'protocol', look: bus },
  { name: 'control units', look: controlUnits },
  { name: 'signals', look: signals },
  { name: 'rates', look: rates },
  { name: 'voltage', look: voltage },
  { name: 'trouble codes', look: troubleCodes },
];
