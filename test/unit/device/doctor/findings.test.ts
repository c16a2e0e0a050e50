import assert from 'node:assert/strict';
import { CHECKS } from '../../../../device/doctor/cli.js';
import { doctorText } from '../../../../device/doctor/doctor-text.js';
import { exitCodeOf, findingsOf, SEVERITIES, type Severity } from '../../../../device/doctor/findings.js';
import type { CarSeen, Observations } from '../../../../device/doctor/observations.js';
import type { CarStatus } from '../../../../device/sampling/car-status.js';
import { nothingSeen } from './nothing-seen.js';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 9, 1, 8);
const STATUS = {
  vehicle: 'car-1',
  boot: 4,
  queue: 0,
  acknowledged: 812,
  resent: 0,
  diskBytes: 4_096,
  diskFailing: false,
  clock: 'gps',
  obd: true,
} as const;
const CAR: CarStatus = {
  state: 'polling',
  link: '/dev/ttyUSB0 at 38400',
  adapter: 'ELM327 v2.1',
  isClone: false,
  bus: 'ISO 9141-2',
  controlUnits: ['486B10'],
  pids: ['0C', '0D', '10'],
  pidsPerRequest: 1,
  voltageV: 14.1,
  turnAroundMs: 40,
  rates: { spd: { hz: 5, wantedHz: 5 } },
};
const car = (
  more: Partial<CarStatus>,
  rest: Partial<Extract<CarSeen, { at: 'seen' }>> = {},
): Partial<Observations> => ({
  car: { at: 'seen', by: 'agent', runningV: 13.1, car: { ...CAR, ...more }, ...rest },
});
const searching = (by: 'agent' | 'doctor', voltageV: number): Partial<Observations> => ({
  car: {
    at: 'seen',
    by,
    runningV: 13.1,
    car: { state: 'connecting', adapter: 'ELM327 v2.1', isClone: false, voltageV },
  },
});
const gps = (mode: 0 | 1 | 2 | 3, fixAgeMs?: number, connected = true): Partial<Observations> => ({
  gps: {
    at: 'seen',
    by: 'doctor',
    where: 'gpsd at 127.0.0.1:2947',
    status: { connected, mode, ...(fixAgeMs === undefined ? {} : { fixAgeMs }) },
  },
});
const clock = (synchronised: boolean, receiverAheadMs?: number, utcMs = NOW): Partial<Observations> => ({
  clock: { utcMs, synchronised, ...(receiverAheadMs === undefined ? {} : { receiverAheadMs }) },
});
const BOX = {
  at: 'seen',
  folder: '/s',
  pending: 0,
  bytes: 1e6,
  maxBytes: 16e6,
  damagedBytes: 0,
  freeBytes: 1e9,
} as const;
const outbox = (more: object, rest: Partial<Observations> = {}): Partial<Observations> => ({
  outbox: { ...BOX, ...more },
  ...rest,
});
const asked = (reached: number, away: number): Partial<Observations> => ({
  manager: {
    at: 'asked',
    reached: Array.from({ length: reached }, () => ({ url: 'http://a:7001', rttMs: 12 })),
    away: Array.from({ length: away }, () => ({ url: 'http://b:7001', say: 'refused' })),
  },
});
const TWIN = 'coap://10.64.0.7:5683';

/** What is seen, which check speaks of it, how badly, and in which words. */
const CASES: readonly (readonly [Partial<Observations>, string, Severity, RegExp])[] = [
  [{ agent: { at: 'off' } }, 'agent', 'note', /no agent runs/],
  [{ agent: { at: 'told', status: STATUS } }, 'agent', 'ok', /runs as car-1, start 4, 812 reports/],
  [{ agent: { at: 'mute', pid: 77, why: 'no-listen' } }, 'agent', 'warning', /process 77.*nobody can ask it/],
  [{ agent: { at: 'mute', pid: 77, why: 'no-answer' } }, 'agent', 'warning', /does not answer/],
  [{ car: { at: 'none' } }, 'adapter', 'warning', /no adapter is set/],
  [{ car: { at: 'held' } }, 'adapter', 'note', /running agent has the adapter/],
  [car({ state: 'away' }), 'adapter', 'fault', /lost its adapter/],
  [car({}), 'adapter', 'ok', /ELM327 v2\.1 at \/dev\/ttyUSB0 at 38400/],
  [car({ stn: 'STN1130 v4.3.2' }), 'maker', 'ok', /genuine STN/],
  [car({ state: 'parked', voltageV: 12.4 }), 'protocol', 'note', /parked.*12\.4 V/],
  [searching('doctor', 12.2), 'protocol', 'note', /no control unit answers at 12\.2 V/],
  [searching('agent', 14.1), 'protocol', 'note', /looks for the protocol/],
  [searching('doctor', 14.1), 'protocol', 'fault', /no control unit answers at 14\.1 V/],
  [car({}), 'control units', 'ok', /one control unit: 486B10/],
  [car({ controlUnits: [''] }), 'control units', 'note', /without a name/],
  [car({ pids: ['10'] }), 'signals', 'warning', /speed and engine speed not among them/],
  [car({ pids: ['0C', '0D'] }), 'signals', 'note', /neither fuel rate nor air flow/],
  [car({ rates: { spd: { hz: 1, wantedHz: 5 } } }), 'rates', 'warning', /Speed 1\.0 \(5 wanted\)/],
  [car({ voltageV: 28.3 }), 'voltage', 'warning', /28\.3 V.*13\.1 V on/],
  [car({ voltageV: 28.3 }, { runningV: 26.4 }), 'voltage', 'ok', /28\.3 V/],
  [car({ voltageV: 12.3 }, { engineRpm: 0 }), 'voltage', 'ok', /12\.3 V at the plug, the engine stands/],
  [car({ voltageV: 16 }), 'voltage', 'warning', /16\.0 V/],
  [car({ voltageV: 11.2 }), 'voltage', 'warning', /11\.2 V/],
  [car({ voltageV: 12.7 }, { engineRpm: 800 }), 'voltage', 'warning', /12\.7 V at the plug with the engine running/],
  [car({}, { troubleCodes: [] }), 'trouble codes', 'ok', /no trouble codes/],
  [{ gps: { at: 'none' } }, 'receiver', 'warning', /no receiver is set/],
  [{ gps: { at: 'unreachable', where: 'gpsd', say: 'refused' } }, 'receiver', 'fault', /gpsd: refused/],
  [gps(0, undefined, false), 'receiver', 'fault', /tells nothing of a receiver/],
  [gps(1), 'receiver', 'warning', /no position/],
  [gps(1, 90_000), 'receiver', 'warning', /the last was 2 minutes ago/],
  [gps(3, 40_000), 'receiver', 'warning', /last position was 40 seconds ago/],
  [gps(2, 500), 'receiver', 'note', /2 dimensions/],
  [gps(3, 500), 'receiver', 'ok', /3 dimensions, just now/],
  [clock(true), 'clock', 'ok', /2026-10-01T08:00:00Z, synchronised/],
  [clock(true, 90), 'clock', 'ok', /the receiver is 90 ms ahead/],
  [clock(true, -4_000), 'clock', 'warning', /4 seconds behind/],
  [clock(true, -1_024 * 7 * 24 * HOUR), 'clock', 'fault', /7168 days behind/],
  [clock(false, 60), 'clock', 'ok', /nobody vouches/],
  [clock(false, HOUR), 'clock', 'note', /1 hour ahead/],
  [clock(false), 'clock', 'warning', /nobody vouches/],
  [clock(false, undefined, 5_000), 'clock', 'fault', /1970-01-01/],
  [{ outbox: { at: 'missing', folder: '/s' } }, 'outbox', 'note', /\/s is not there/],
  [{ outbox: { at: 'unreadable', folder: '/s', code: 'EACCES', say: 'denied' } }, 'outbox', 'warning', /denied/],
  [outbox({}), 'outbox', 'ok', /0 reports wait; 1\.0 MB of 16\.0 MB/],
  [outbox({ pending: 1, oldestMs: 2_000 }), 'outbox', 'ok', /one report waits, the oldest 2 seconds ago/],
  [outbox({ pending: 3, oldestMs: HOUR }), 'outbox', 'warning', /1 hour ago/],
  [outbox({ pending: 500 }), 'outbox', 'warning', /500 reports wait/],
  [outbox({ pending: 9, bytes: 15e6 }), 'outbox', 'warning', /15\.0 MB of/],
  [outbox({ freeBytes: 1e6 }), 'outbox', 'warning', /1\.0 MB are free/],
  [outbox({ damagedBytes: 12 }), 'outbox', 'note', /12 bytes are damaged/],
  [outbox({ failing: true }), 'outbox', 'fault', /does not take/],
  [outbox({ vehicle: 'car-2' }, { vehicle: 'car-1' }), 'outbox', 'fault', /belongs to car-2, not to car-1/],
  [asked(1, 0), 'manager', 'ok', /http:\/\/a:7001 answers in 12 ms/],
  [asked(1, 1), 'manager', 'note', /b:7001: refused/],
  [asked(0, 1), 'manager', 'fault', /refused/],
  [{ ...asked(0, 1), twin: { at: 'held', address: TWIN } }, 'manager', 'warning', /refused/],
  [{ twin: { at: 'none' } }, 'twin', 'note', /no twin is known/],
  [{ twin: { at: 'held', address: TWIN } }, 'twin', 'note', /was not asked/],
  [{ twin: { at: 'silent', by: 'doctor', address: TWIN, say: 'no answer' } }, 'twin', 'fault', /no answer/],
  [
    { twin: { at: 'answered', by: 'agent', address: TWIN, rttMs: 80 } },
    'twin',
    'ok',
    /in 80 ms \(as the agent has it\)/,
  ],
  [{ twin: { at: 'answered', by: 'doctor', address: TWIN, rttMs: 4_000 } }, 'twin', 'warning', /in 4 seconds/],
];

describe('findings of the doctor', () => {
  for (const [seen, check, severity, words] of CASES)
    it(`${check}: ${severity}, ${words.source}`, () => {
      const found = findingsOf(CHECKS, nothingSeen(seen)).find(finding => finding.check === check);
      assert.ok(found, check);
      assert.equal(found.severity, severity);
      assert.match(found.seen, words);
      // Who is told of trouble is told what it means, and what to do.
      if (severity === 'warning' || severity === 'fault') assert.ok(found.means && found.todo);
      else if (severity === 'ok') assert.deepEqual([found.means, found.todo], [undefined, undefined]);
    });

  it('of a twin that is silent tell the network that is down from one that loses UDP', () => {
    const twin = { at: 'silent', by: 'doctor', address: TWIN, say: 'no answer' } as const;
    const means = (more: Partial<Observations>): string =>
      findingsOf(CHECKS, nothingSeen({ twin, ...more })).find(({ check }) => check === 'twin')?.means ?? '';
    assert.match(means(asked(1, 0)), /UDP to the twin gets lost/);
    assert.match(means(asked(0, 1)), /network is down$/);
    assert.match(means({}), /no manager is set that could tell which/);
  });

  for (const [say, plain] of [
    ['connect ECONNREFUSED 10.0.0.1:2947', 'gpsd at 10.0.0.1: nobody listens there'],
    ['connect EHOSTUNREACH 10.0.0.1:2947 - Local (0.0.0.0:0)', 'gpsd at 10.0.0.1: no way leads there'],
    ['getaddrinfo ENOTFOUND gps.local', 'gpsd at 10.0.0.1: nobody knows that name'],
    ['connect ETIMEDOUT 10.0.0.1:2947', 'gpsd at 10.0.0.1: no answer in time'],
  ] as const)
    it(`say in plain words: ${say}`, () => {
      const seen = nothingSeen({ gps: { at: 'unreachable', where: 'gpsd at 10.0.0.1', say } });
      const found = findingsOf(CHECKS, seen).find(({ check }) => check === 'receiver')?.seen ?? '';
      assert.equal(found, plain);
    });

  it('say what the adapter said, and no code of ours', () => {
    const trouble = 'OBD_ADAPTER: the adapter reported an error: UNABLE TO CONNECT after 0100';
    const seen = nothingSeen({
      car: { ...(searching('doctor', 14.1).car as Extract<CarSeen, { at: 'seen' }>), trouble },
    });
    const found = findingsOf(CHECKS, seen).find(({ check }) => check === 'protocol')?.seen;
    assert.equal(found, 'no control unit answers at 14.1 V (the adapter says UNABLE TO CONNECT)');
  });

  it('give an exit code by the worst of them: 0 fine, 1 warnings, 2 faults', () =>
    assert.deepEqual(
      SEVERITIES.map(severity =>
        exitCodeOf([
          { severity: 'ok', seen: '' },
          { severity, seen: '' },
        ]),
      ),
      [0, 0, 1, 2],
    ));

  it('are short lines for people, with what to do below, and how many there are', () => {
    const seen = nothingSeen({ vehicle: 'car-1', ...asked(0, 1) });
    const text = doctorText(seen, findingsOf(CHECKS, seen));
    assert.match(text, /^edgetwin doctor, car-1, 2026-10-01T08:00:00Z\n/);
    assert.match(
      text,
      /^WARNING adapter {3}no adapter is set\n {18}means: .*\n {18}do: {4}set EDGETWIN_OBD_SERIAL=auto/m,
    );
    assert.match(text, /1 fault, 2 warnings\. Begin with: manager\.\n$/);
    for (const line of text.split('\n')) assert.ok(line.length <= 120, line);
  });

  it('say so where all is well', () => {
    const fine = {
      agent: { at: 'told', status: STATUS },
      ...car({}),
      ...gps(3, 500),
      ...outbox({}),
      ...asked(1, 0),
    } as const;
    const seen = nothingSeen({ ...fine, twin: { at: 'answered', by: 'agent', address: TWIN, rttMs: 80 } });
    const findings = findingsOf(CHECKS, seen);
    assert.equal(exitCodeOf(findings), 0);
    assert.match(doctorText(seen, findings), /All is well\.\n$/);
  });
});
