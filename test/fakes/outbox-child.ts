import { silentLog } from '../../common/log.js';
import { systemClock, systemTimers } from '../../common/clock.js';
import { nextBoot } from '../../device/uplink/identity.js';
import { idOf } from '../../device/uplink/key-set.js';
import { openNodeDisk } from '../../device/uplink/node-disk.js';
import { Outbox } from '../../device/uplink/outbox.js';

/**
 * An outbox in a process of its own, to be killed: `FOLDER MAXBYTES HIGHESTBOOT`. It writes a line for all that somebody
 * outside could have seen: `offered <id> <hex>` when a report may be sent, `acknowledged <id>` before it settles one.
 */
const [folder = '', maxBytes = '', highestBoot = '0'] = process.argv.slice(2);
const clock = systemClock;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const outbox = await Outbox.open({
  disk: await openNodeDisk(folder),
  vehicle: 'car-1',
  nextBoot: async known =>
    nextBoot(await openNodeDisk(folder), known, floor =>
      Promise.resolve({
        vehicle: 'car-1',
        number: 1,
        twin: { address: '127.64.0.1', port: 5_683 },
        nextBoot: Math.max(floor, Number(highestBoot) + 1),
      }),
    ),
  stamp: () => ({ offsetMs: clock.nowMs() - clock.monotonicMs(), clock: 'system' }),
  estimate: () => ({ offsetMs: clock.nowMs() - clock.monotonicMs(), clock: 'estimated' }),
  trustedMs: () => clock.nowMs(),
  maxAgeMs: 30 * 86_400_000,
  maxBytes: Number(maxBytes),
  syncMs: 1,
  clock,
  timers: systemTimers,
  log: silentLog,
});
say(`boot ${outbox.boot}`);
let count = 0;
outbox.listen({
  onSendable: reports => {
    for (const { key, bytes } of reports) {
      say(`offered ${idOf(key)} ${Buffer.from(bytes).toString('hex')}`);
      // Every third waits for the next boot.
      if (++count % 3 === 0) continue;
      say(`acknowledged ${idOf(key)}`);
      outbox.acknowledge(key);
    }
  },
  onDropped: keys => keys.forEach(key => say(`dropped ${idOf(key)}`)),
});
const more = (): void => {
  for (let i = 0; i < 3; i++)
    try {
      outbox.add([{ name: 'spd', value: i, monoMs: clock.monotonicMs() }]);
    } catch {
      say('full');
    }
  setTimeout(more, 1);
};
more();
