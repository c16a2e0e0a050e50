import assert from 'node:assert/strict';
import { LastTime, readLastTime } from '../../../../device/clock/last-time.js';
import { isTracking } from '../../../../device/clock/system-clock.js';
import { seededRandom } from '../../../../lab/seeded-random.js';
import { tearingDisk } from '../../../fakes/tearing-disk.js';

const AT_MS = Date.UTC(2026, 5, 1);

describe('last trusted time', () => {
  it('is kept over a power cut, old or new, never a mixture', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const disk = tearingDisk(seededRandom(seed));
      const last = new LastTime(disk);
      await last.keep(AT_MS, 0);
      disk.cutAt(disk.operations + (seed % 6));
      await last.keep(AT_MS + 700_000, 700_000).catch(() => undefined);
      const found = await readLastTime(disk.afterPowerCut());
      assert.ok(found === AT_MS || found === AT_MS + 700_000, String(found));
    }
  });
  it('spares the disk', async () => {
    const disk = tearingDisk(seededRandom(1));
    const last = new LastTime(disk);
    await last.keep(AT_MS, 0);
    const { operations } = disk;
    for (let second = 1; second < 600; second++) await last.keep(AT_MS, second * 1_000);
    assert.equal(disk.operations, operations);
    await last.keep(AT_MS + 600_000, 600_000);
    assert.equal(await readLastTime(disk), AT_MS + 600_000);
  });
  for (const [what, text] of [
    ['nothing', undefined],
    ['damage', '{"schema":1,"trus'],
    ['another schema', '{"schema":2,"trustedMs":1780000000000}'],
    ['a date that cannot be', '{"schema":1,"trustedMs":99999999999999}'],
  ] as const)
    it(`is unknown where there is ${what}`, async () => {
      const disk = tearingDisk(seededRandom(1));
      if (text !== undefined) await disk.append('clock.json', Buffer.from(text));
      assert.equal(await readLastTime(disk), undefined);
    });
});

describe('what chrony prints', () => {
  const printed = (reference: string, leap: string): string =>
    `Reference ID    : ${reference}\nStratum         : 3\nSystem time     : 0.000000123 seconds fast of NTP time\nLeap status     : ${leap}\n`;
  it('is a synchronised clock with a reference', () => assert.ok(isTracking(printed('C0A80101 (gw)', 'Normal'))));
  it('is one that a leap second awaits', () => assert.ok(isTracking(printed('C0A80101 (gw)', 'Insert second'))));
  it('is none that is not synchronised', () =>
    assert.ok(
      !isTracking(printed('00000000 ()', 'Not synchronised')) && !isTracking(printed('00000000 ()', 'Normal')),
    ));
  it('is none that follows itself', () => assert.ok(!isTracking(printed('7F7F0101 ()', 'Normal'))));
  it('is none where it is something else', () => assert.ok(!isTracking('506 Cannot talk to daemon\n')));
});
