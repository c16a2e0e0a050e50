import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';

const TIMESYNC_MARK = '/run/systemd/timesync/synchronized';

/** Whether this machine's clock is synchronised, as systemd-timesyncd or chrony say. */
export async function isSystemClockSynchronised(): Promise<boolean> {
  const marked = await access(TIMESYNC_MARK).then(
    () => true,
    () => false,
  );
  return marked || (await chronyTracks());
}

function chronyTracks(): Promise<boolean> {
  return new Promise(resolve => {
    execFile('chronyc', ['tracking'], { timeout: 2_000 }, (error, stdout) => {
      resolve(error === null && /^Leap status\s*: Normal/m.test(stdout));
    });
  });
}
