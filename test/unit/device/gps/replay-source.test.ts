import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../../../common/errors.js';
import { replaySource } from '../../../../device/gps/replay-source.js';
import { nmeaChecksum } from '../../../../device/gps/nmea.js';

const sentence = (body: string): string => `$${body}*${nmeaChecksum(body).toString(16).padStart(2, '0')}`;
const tpv = (second: number): string =>
  `{"class":"TPV","mode":3,"time":"2026-01-01T00:00:0${second}.000Z","lat":38.${second},"lon":-1}`;

describe('replay of a receiver', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-replay-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Plays a file to its end on a clock that each wait moves on. */
  async function play(text: string) {
    const path = join(folder, 'recording');
    await writeFile(path, text);
    const looks: [atMs: number, latitude: number | undefined][] = [];
    const faults: string[] = [];
    let nowMs = 0;
    const stop = new AbortController();
    const timers = {
      after: (ms: number, fn: () => void) => {
        queueMicrotask(() => {
          nowMs += ms;
          fn();
        });
        return () => undefined;
      },
    };
    const source = replaySource({ path, clock: { monotonicMs: () => nowMs }, timers });
    const handlers = {
      onTpv: ({ latitude }: { latitude?: number }, atMs: number) => void looks.push([atMs, latitude]),
      onFault: (error: unknown) => void faults.push(codeOf(error)),
      onGone: () => stop.abort(new Error('over')),
    };
    await assert.rejects(source.follow(handlers, stop.signal), /over/);
    await assert.rejects(source.follow(handlers, stop.signal), /over/);
    return { looks, faults };
  }

  it('gives gpsd JSON at its own pace, once', async () => {
    const { looks, faults } = await play(
      ['# a comment', '{"class":"VERSION"}', tpv(1), '{', tpv(2), tpv(5), ''].join('\n'),
    );
    assert.deepEqual(looks, [
      [0, 38.1],
      [1_000, 38.2],
      [4_000, 38.5],
    ]);
    assert.deepEqual(faults, ['GPS_MALFORMED']);
  });
  it('goes by the moments of the recording agent where there are any', async () => {
    const { looks } = await play(
      [tpv(1), tpv(2)].map((line, i) => line.replace('{', `{"t":${10 + i / 4},`)).join('\n'),
    );
    assert.deepEqual(looks, [
      [0, 38.1],
      [250, 38.2],
    ]);
  });
  it('gives NMEA at its own pace, a look a cycle', async () => {
    const cycle = (second: number): string =>
      [
        `GPRMC,12000${second},A,380${second}.0,N,00100.0,W,1,1,010126,,,A`,
        `GPGGA,12000${second},380${second}.0,N,00100.0,W,1,9,1,1,M,,M,,`,
      ]
        .map(sentence)
        .join('\r\n');
    const { looks } = await play(`${cycle(0)}\r\n${cycle(6)}\r\n`);
    assert.deepEqual(looks, [
      [0, 38],
      [6_000, 38.1],
    ]);
  });
  it('does not wait for more than a minute, nor for a clock that goes back', async () => {
    const days = [1, 3, 2].map(day => tpv(1).replace('01-01', `01-0${day}`).replace('38.1', `38.${day}`));
    const { looks } = await play(days.join('\n'));
    assert.deepEqual(
      looks.map(([atMs]) => atMs),
      [0, 60_000, 60_000],
    );
  });
  it('names a recording that is not there', async () => {
    const source = replaySource({
      path: join(folder, 'none'),
      clock: { monotonicMs: () => 0 },
      timers: { after: () => () => undefined },
    });
    const handlers = { onTpv: () => undefined, onFault: () => undefined };
    await assert.rejects(source.follow(handlers, new AbortController().signal), { code: 'GPS_LINK' });
  });
});
