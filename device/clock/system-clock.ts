import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import type { Clock } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';

const TIMESYNC_MARK = '/run/systemd/timesync/synchronized';
/** A program is started for each question. */
const ASK_CHRONY_MS = 10_000;
const WITHOUT_CHRONY_MS = 300_000;

/** Tells whether this machine's clock is synchronised, as systemd-timesyncd or chrony say; cheap enough for every second. */
export function systemClockWatch(clock: Pick<Clock, 'monotonicMs'>): () => Promise<boolean> {
  let askAtMs = -Infinity;
  let tracks = false;
  return async () => {
    const marked = await access(TIMESYNC_MARK).then(
      () => true,
      () => false,
    );
    if (marked) return true;
    const nowMs = clock.monotonicMs();
    if (nowMs < askAtMs) return tracks;
    const found = await chronyTracks();
    tracks = found === true;
    askAtMs = nowMs + (found === undefined ? WITHOUT_CHRONY_MS : ASK_CHRONY_MS);
    return tracks;
  };
}

/** Undefined where there is no chrony. */
function chronyTracks(): Promise<boolean | undefined> {
  return new Promise(resolve => {
    execFile('chronyc', ['-n', 'tracking'], { timeout: 2_000 }, (error, stdout) => {
      if (error !== null) resolve(codeOf(error) === 'ENOENT' ? undefined : false);
      else resolve(isTracking(stdout));
    });
  });
}

/** What `chronyc tracking` prints: a reference, and no alarm ("Not synchronised"). */
export const isTracking = (printed: string): boolean =>
  /^Leap status\s*:\s*(Normal|Insert second|Delete second)\s*$/m.test(printed) &&
  !/^Reference ID\s*:\s*(0{8}|7F7F0101)\b/im.test(printed);
