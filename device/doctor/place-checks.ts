import { isPlausibleDate } from '../clock/calendar.js';
import { ageText, durationText } from './age-text.js';
import { ofWhat } from './words.js';
import { fault, note, ok, warning, type Check, type Finding } from './findings.js';
import type { Observations } from './observations.js';

/** A receiver tells its place once a second. */
const OLD_FIX_MS = 10_000;
/** Of a good sky it is one or two. */
const POOR_HDOP = 5;
/** Reports are stamped to the second; a receiver's serial line alone takes up to half of one. */
const OFF_MS = 1_000;
const WRONG_MS = 10_000;

function receiver({ gps }: Observations): Finding {
  switch (gps.at) {
    case 'none':
      return warning(
        'no receiver is set',
        'positions are not reported, and nobody but the network knows the time',
        'set EDGETWIN_GPSD=127.0.0.1:2947 (sudo apt install gpsd), or EDGETWIN_GPS_SERIAL=/dev/serial/by-id/…',
      );
    case 'held':
      return note('the running agent has the receiver', 'what it sees cannot be asked');
    case 'unreachable':
      return fault(
        ofWhat(gps.where, gps.say),
        'gpsd does not run, or the receiver’s port is another',
        'systemctl status gpsd; look into ls -l /dev/serial/by-id; cgps shows what gpsd sees',
      );
    case 'seen': {
      const { status, where, satellites, hdop } = gps;
      if (!status.connected)
        return fault(
          `${where} tells nothing of a receiver`,
          'gpsd runs, and no receiver is plugged in, or it speaks at another speed',
          'plug it in; cgps shows what gpsd sees; name its port in /etc/default/gpsd (DEVICES)',
        );
      const name = status.device === undefined ? where : `${status.device} by ${where}`;
      const sky = [
        ...(satellites === undefined ? [] : [`${satellites} satellites`]),
        ...(hdop === undefined ? [] : [`dilution ${hdop.toFixed(1)}`]),
      ];
      const sees = sky.length === 0 ? '' : `, ${sky.join(', ')}`;
      const { fixAgeMs, mode } = status;
      if (mode < 2 || fixAgeMs === undefined)
        return warning(
          `${name}: no position${fixAgeMs === undefined ? '' : `; the last was ${ageText(fixAgeMs)}`}${sees}`,
          'the receiver sees too few satellites: a garage, a tunnel, or a cold start, which takes up to 15 minutes',
          'put it where it sees the sky (not below a heated windscreen), and ask again',
        );
      if (fixAgeMs > OLD_FIX_MS)
        return warning(
          `${name}: the last position was ${ageText(fixAgeMs)}${sees}`,
          'the receiver has fallen silent',
          'look at its plug; systemctl restart gpsd',
        );
      const shown = `${name}: a position in ${mode} dimensions, ${ageText(fixAgeMs)}${sees}`;
      if (mode === 2 || (hdop ?? 0) > POOR_HDOP)
        return note(shown, 'it is a poor one, tens of metres off', 'a better view of the sky helps');
      return ok(shown);
    }
  }
}

function clock({ clock: { utcMs, synchronised, receiverAheadMs: aheadMs, agent }, gps }: Observations): Finding {
  const shown = `${new Date(utcMs).toISOString().slice(0, 19)}Z`;
  const byAgent =
    agent === undefined
      ? ''
      : agent === 'waiting'
        ? '; the agent waits for a clock'
        : `; the agent stamps by: ${agent}`;
  const offset =
    aheadMs === undefined
      ? ''
      : `; the receiver is ${durationText(Math.abs(aheadMs))} ${aheadMs < 0 ? 'behind' : 'ahead'}`;
  const seen = `${shown}${synchronised ? ', synchronised' : ', nobody vouches for it'}${offset}${byAgent}`;
  const isOff = aheadMs !== undefined && Math.abs(aheadMs) > OFF_MS;
  if (synchronised && aheadMs !== undefined && Math.abs(aheadMs) > WRONG_MS)
    return fault(
      seen,
      'one of the two is wrong: the receiver lost count of its weeks, or the time server is a bad one',
      'compare with a watch; reports follow the system’s clock (clock.system)',
    );
  if (synchronised && isOff)
    return warning(seen, 'one of the two is a little off', 'chronyc sources -v tells who this machine listens to');
  if (synchronised) return ok(seen);
  if (aheadMs !== undefined && !isOff) return ok(seen);
  if (aheadMs !== undefined)
    return note(seen, 'this machine’s clock is wrong, and it does not matter: reports are stamped by the receiver');
  if (!isPlausibleDate(utcMs))
    return fault(
      seen,
      'the clock was never set; reports wait a minute for somebody who knows the time, and are marked suspect then',
      'let it reach a time server (timedatectl), or the receiver see the sky; a clock module with a battery (RTC) helps',
    );
  return warning(
    seen,
    'times of reports are estimates' +
      (gps.at === 'none' ? '' : ' until the receiver has had three positions in a row'),
    'timedatectl set-ntp true, or a receiver with a view of the sky',
  );
}

export const PLACE_CHECKS: readonly Check[] = [
  { name: 'receiver', look: receiver },
  { name: 'clock', look: clock },
];
