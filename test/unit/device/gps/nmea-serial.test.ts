import assert from 'node:assert/strict';
import { NMEA_BAUDS, nmeaSerialSource, type SerialInput } from '../../../../device/gps/nmea-serial.js';
import type { Tpv } from '../../../../device/gps/tpv.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

const RMC = '$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n';
const GGA = '$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n';

function world(baud: number | 'auto') {
  const clock = fakeClock();
  const opened: number[] = [];
  const tpvs: Tpv[] = [];
  const faults: unknown[] = [];
  let say: (text: string) => void = () => undefined;
  let pull: (cause: unknown) => void = () => undefined;
  let closed = 0;
  const source = nmeaSerialSource({
    path: '/dev/gps',
    baud,
    clock,
    timers: clock,
    open: (_path, speed) => {
      opened.push(speed);
      const input: SerialInput = {
        onText: listener => void (say = listener),
        closed: new Promise(resolve => (pull = resolve)),
        close: () => {
          closed++;
          return Promise.resolve();
        },
      };
      return Promise.resolve(input);
    },
  });
  const stop = new AbortController();
  const follow = () =>
    source
      .follow({ onTpv: tpv => void tpvs.push(tpv), onFault: error => void faults.push(error) }, stop.signal)
      .catch((error: unknown) => error);
  return {
    clock,
    opened,
    tpvs,
    faults,
    follow,
    stop,
    closed: () => closed,
    say: (text: string) => say(text),
    pull: (e: Error) => pull(e),
  };
}
const code = async (outcome: Promise<unknown>) => ((await outcome) as { code?: string }).code;

describe('NMEA on a serial port', () => {
  it('gives a look at the end of each cycle, however its bytes come', async () => {
    const gps = world(9_600);
    const outcome = gps.follow();
    await gps.clock.advance(0);
    for (const char of `519,A*00\r\n${RMC}${GGA}`) gps.say(char);
    assert.equal(gps.tpvs.length, 0);
    await gps.clock.advance(200);
    assert.deepEqual([gps.tpvs.length, gps.tpvs[0]?.mode, gps.tpvs[0]?.hdop], [1, 3, 0.9]);
    assert.equal(gps.faults.length, 0, 'the rest of a sentence at the begin is no fault');
    gps.say('$GPRMC,broken*00\r\n');
    assert.equal(gps.faults.length, 1);
    gps.stop.abort(new Error('over'));
    assert.match(String(await outcome), /over/);
    assert.deepEqual([gps.closed(), gps.clock.pending], [1, 0]);
  });

  it('tries one speed after the other until a sentence is whole, and keeps to that one', async () => {
    const gps = world('auto');
    for (let i = 0; i < 2; i++) {
      const outcome = gps.follow();
      await gps.clock.advance(0);
      gps.say('\xf8\x00~~\xe0\r\n');
      await gps.clock.advance(5_000);
      assert.equal(await code(outcome), 'GPS_LINK');
    }
    for (let i = 0; i < 2; i++) {
      const outcome = gps.follow();
      await gps.clock.advance(0);
      gps.say(RMC);
      await gps.clock.advance(5_000);
      assert.equal(await code(outcome), 'GPS_LINK', 'a receiver that falls silent is opened again');
    }
    assert.deepEqual(gps.opened, [NMEA_BAUDS[0], NMEA_BAUDS[1], NMEA_BAUDS[2], NMEA_BAUDS[2]]);
    assert.deepEqual([gps.faults, gps.clock.pending], [[], 0]);
  });

  it('ends when the receiver is pulled out', async () => {
    const gps = world(9_600);
    const outcome = gps.follow();
    await gps.clock.advance(0);
    gps.pull(new Error('disconnected'));
    assert.equal(await code(outcome), 'GPS_LINK');
    assert.equal(gps.closed(), 1);
  });
});
