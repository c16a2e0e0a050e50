import { delay } from '../../common/clock.js';
import type { Link, OpenLink } from '../../device/obd/types.js';
import { ROLLOVER_MS } from '../../device/clock/calendar.js';
import { skyObject, tpvObject, VERSION, devicesObject } from '../../lab/gps/gpsd-protocol.js';
import type { CarValues } from '../../lab/drive/engine-model.js';
import type { DriveMoment } from '../../lab/drive/drive.js';
import { fault } from '../../protocol/errors.js';
import type { FakeClock } from '../fakes/fake-clock.js';
import { DRIVING, labAdapter, type LabAdapterOptions } from '../fakes/lab-adapter.js';
import type { ReceiverScript, RecordedRunOptions } from '../fakes/recorded-run.js';

/** What the captures are recordings of. All cars, adapters and receivers are the lab's own. */
export const START_MS = Date.UTC(2026, 9, 1, 8);
const CALM = ['--obd-fast-hz', '1', '--report-interval-ms', '1000'];
const TWO_MORE = [
  [0x41, 0x00, 0x80, 0x08, 0x00, 0x00],
  [0x41, 0x00, 0x80, 0x00, 0x00, 0x00],
];

/** A car that is driven: faster and slower, a hill a minute. */
const driven = (clock: FakeClock) => (): CarValues => {
  const wave = Math.sin((clock.monotonicMs() / 60_000) * 2 * Math.PI);
  return {
    ...DRIVING,
    speedKmh: Math.round(54 + 20 * wave),
    engineRpm: Math.round(1_800 + 500 * wave),
    airFlowGs: Math.round((10 + 6 * wave) * 100) / 100,
    throttlePct: Math.round(20 + 10 * wave),
  };
};

const adapter =
  (options: Omit<LabAdapterOptions, 'clock'> = {}) =>
  (clock: FakeClock): OpenLink =>
  () =>
    Promise.resolve(labAdapter({ clock, ...options, car: { values: driven(clock), ...options.car } }));

/** A place that moves north-east, ten metres a second. */
const moment = (atMs: number, fix: 1 | 2 | 3): DriveMoment => ({
  phase: 'driving',
  driveMs: atMs,
  second: Math.floor(atMs / 1000),
  fix,
  ...(fix === 1
    ? {}
    : {
        position: { latitude: 38.02 + (atMs / 1000) * 0.00009, longitude: -1.17 + (atMs / 1000) * 0.00008 },
        altitudeM: 70,
        headingDeg: 38,
        speedKmh: 43,
        hdop: 0.9,
        satellites: 11,
      }),
});

interface Looks {
  readonly fromMs?: number;
  readonly toMs: number;
  readonly fix?: (atMs: number) => 1 | 2 | 3;
  /** What the receiver's clock is off by. */
  readonly aheadMs?: (atMs: number) => number;
}

/** gpsd, a look a second, some of it 40 ms late. */
function looks({ fromMs = 200, toMs, fix = () => 3, aheadMs = () => 0 }: Looks): ReceiverScript {
  const hello = [VERSION, devicesObject(new Date(START_MS).toISOString())].map(object => ({
    atMs: fromMs,
    say: JSON.stringify(object),
  }));
  const seconds = Array.from({ length: Math.floor((toMs - fromMs) / 1000) }, (_, at) => fromMs + 300 + at * 1000);
  return [
    ...hello,
    ...seconds.flatMap(atMs => {
      const time = new Date(START_MS + atMs - 300 + aheadMs(atMs)).toISOString();
      const seen = moment(atMs, fix(atMs));
      return [skyObject(seen, time), tpvObject(seen, time)].map((object, index) => ({
        atMs: atMs + index * 40,
        say: JSON.stringify(object),
      }));
    }),
  ];
}

const checksum = (body: string): string =>
  [...body]
    .reduce((sum, char) => sum ^ char.charCodeAt(0), 0)
    .toString(16)
    .toUpperCase()
    .padStart(2, '0');
const sentence = (body: string): string => `$${body}*${checksum(body)}\r\n`;

/** A receiver at 115,200 baud: noise at any other speed, and now and then half a sentence. */
const nmeaAt115200 =
  (toMs: number) =>
  (baud: number): ReceiverScript =>
    Array.from({ length: Math.floor(toMs / 1000) }, (_, at) => at * 1000 + 400).flatMap(atMs => {
      if (baud !== 115_200) return [{ atMs, say: '\x00\xff~\x80x\xfe' }];
      const clock = new Date(START_MS + atMs - 400).toISOString();
      const hms = clock.slice(11, 19).replaceAll(':', '');
      const north = (1.2 + atMs * 5.4e-6).toFixed(4).padStart(7, '0');
      const text =
        sentence(`GPRMC,${hms}.00,A,38${north},N,00110.2000,W,23.2,038.0,011026,,,A`) +
        sentence(`GPGGA,${hms}.00,38${north},N,00110.2000,W,1,09,0.9,70.0,M,50.0,M,,`) +
        sentence('GPGSA,A,3,01,02,03,04,05,06,07,08,09,,,,1.8,0.9,1.5');
      const cut = 37;
      return [
        { atMs, say: text.slice(0, cut) },
        { atMs: atMs + 15, say: text.slice(cut) },
      ];
    });

/** Pulled at 10 s, plugged in again at 19 s. */
function pulled(clock: FakeClock): OpenLink {
  let current: ReturnType<typeof labAdapter> | undefined;
  let isThere = true;
  const watchers = new Set<() => void>();
  clock.after(10_000, () => {
    isThere = false;
    current?.pull();
  });
  clock.after(19_000, () => {
    isThere = true;
    for (const back of watchers) back();
  });
  const open = (): Promise<Link> => {
    if (!isThere) return Promise.reject(fault('OBD_LINK', '/dev/serial/by-id/usb-lab is not plugged in'));
    current = labAdapter({ clock, car: { values: driven(clock) } });
    return Promise.resolve(current);
  };
  const untilBack = (ms: number, signal: AbortSignal): Promise<void> => {
    const back = new AbortController();
    const watch = (): void => back.abort();
    watchers.add(watch);
    return delay(ms, AbortSignal.any([signal, back.signal]), clock)
      .catch(() => signal.throwIfAborted())
      .finally(() => watchers.delete(watch));
  };
  return Object.assign(open, { untilBack });
}

const off = { engineRpm: 0, speedKmh: 0, airFlowGs: 0, running: false, voltage: 12.3 };
/** The engine stops at 8 s, the control units sleep from 30 s on, it is started again at 45 s. */
const stopAndGo = (clock: FakeClock): Pick<LabAdapterOptions, 'car'> => ({
  car: {
    values: () => (isOff(clock) ? { ...DRIVING, ...off } : driven(clock)()),
    asleep: () => clock.monotonicMs() > 30_000 && isOff(clock),
  },
});
const isOff = (clock: FakeClock): boolean => clock.monotonicMs() > 8_000 && clock.monotonicMs() < 45_000;

export const SCENES: Readonly<Record<string, RecordedRunOptions>> = {
  'can11-three-units': {
    argv: CALM,
    durationMs: 30_000,
    link: adapter({
      bus: { others: bytes => (bytes[0] === 1 && bytes[1] === 0 && bytes.length === 2 ? TWO_MORE : []) },
      car: { troubleCodes: [0x0171, 0x4123] },
    }),
    gpsd: looks({ toMs: 30_000 }),
    isSynchronised: () => true,
  },
  'can29-multi-frame': {
    argv: [...CALM, '--obd-texts', 'dtc,dtcp,vin,cal,cvn,ecun'],
    durationMs: 20_000,
    link: adapter({ bus: { protocol: 7 }, chunkBytes: 7 }),
    isSynchronised: () => true,
  },
  'iso9141-slow': {
    argv: CALM,
    durationMs: 30_000,
    link: adapter({ bus: { protocol: 3 }, turnAroundMs: 90, car: { troubleCodes: [0x0171] } }),
    isSynchronised: () => true,
  },
  'kwp-no-headers': {
    argv: CALM,
    durationMs: 20_000,
    link: adapter({ bus: { protocol: 5 }, turnAroundMs: 60, clone: { refuses: ['ATH1'], banner: 'ELM327 v1.5' } }),
    isSynchronised: () => true,
  },
  'clone-noise-and-echo': {
    argv: CALM,
    durationMs: 20_000,
    link: adapter({
      clone: { banner: 'ELM327 v1.5', isNoisy: true, ignores: ['ATE0', 'ATS0'], refuses: ['ATDPN'], hasNoCounts: true },
      chunkBytes: 5,
    }),
    isSynchronised: () => true,
  },
  'clone-without-prompt': {
    argv: CALM,
    durationMs: 40_000,
    link: adapter({ clone: { banner: 'OBDII v1.5', isPromptless: true, ignores: ['ATE0'], joinsLines: true } }),
    isSynchronised: () => true,
  },
  'engine-off-and-on': {
    argv: [...CALM, '--obd-park-after-ms', '5000'],
    durationMs: 60_000,
    link: clock => () => Promise.resolve(labAdapter({ clock, ...stopAndGo(clock) })),
    isSynchronised: () => true,
  },
  'adapter-pulled': { argv: CALM, durationMs: 32_000, link: pulled, isSynchronised: () => true },
  'gps-lost-and-back': {
    argv: CALM,
    durationMs: 45_000,
    // A tunnel, then a daemon that is started anew.
    gpsd: [
      ...looks({ toMs: 20_000, fix: atMs => (atMs > 6_000 && atMs < 12_000 ? 1 : 3) }),
      { atMs: 20_500, gone: 'gpsd closed the connection' },
      ...looks({ fromMs: 28_000, toMs: 45_000, fix: atMs => (atMs < 32_000 ? 2 : 3) }),
    ],
    isSynchronised: () => true,
  },
  // A receiver that lost a round of weeks, on a machine whose clock nobody vouches for; it finds its week after 20 s.
  'gps-week-rollover': {
    argv: CALM,
    durationMs: 40_000,
    startMs: START_MS,
    gpsd: looks({ toMs: 40_000, aheadMs: atMs => (atMs < 20_000 ? -ROLLOVER_MS : 0) }),
    link: adapter(),
    trustedMs: Date.UTC(2026, 8, 30),
  },
  // A machine that was never set: reports wait for the receiver.
  'clock-unset': {
    argv: CALM,
    durationMs: 25_000,
    startMs: 0,
    link: adapter(),
    gpsd: looks({ fromMs: 4_000, toMs: 25_000, fix: atMs => (atMs < 9_000 ? 2 : 3) }),
  },
  'nmea-serial': {
    argv: CALM,
    durationMs: 30_000,
    nmea: nmeaAt115200(30_000),
    isSynchronised: () => true,
  },
};
