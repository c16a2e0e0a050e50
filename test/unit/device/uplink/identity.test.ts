import assert from 'node:assert/strict';
import { deviceKey, keepRegistration, nextBoot, storedRegistration } from '../../../../device/uplink/identity.js';
import { seededRandom } from '../../../../lab/seeded-random.js';
import { tearingDisk, type TearingDisk } from '../../../fakes/tearing-disk.js';

const KEY = '000102030405060708090a0b0c0d0e0f';
const never = (): Promise<never> => Promise.reject(new Error('nobody can be reached'));
const newKey = (): string => KEY;
const noKey = (): string => assert.fail('a key is made once');
const REGISTRATION = { vehicle: 'car-1', number: 7, twin: { address: '127.64.0.7', port: 5_683 }, nextBoot: 9 };

/** Damages one byte of a file, each in turn. */
async function eachDamage(disk: TearingDisk, name: string, check: (at: number) => Promise<void>): Promise<void> {
  const { length = 0 } = (await disk.read(name)) ?? {};
  assert.ok(length > 10);
  for (let at = 0; at < length; at++) {
    disk.damage(name, at);
    await check(at);
    disk.damage(name, at);
  }
}

describe('what a device keeps for life', () => {
  it('is one key, whatever byte of a copy is damaged, and the damage is healed', async () => {
    for (const name of ['identity.json', 'identity.json.copy']) {
      const disk = tearingDisk(seededRandom(1));
      await deviceKey(disk, 'car-1', newKey);
      await eachDamage(disk, name, async at => {
        // Read from a disk of its own, so that the next byte finds what was written first.
        const copy = disk.afterPowerCut();
        assert.equal(await deviceKey(copy, 'car-1', noKey), KEY, `${name} at ${at}`);
        copy.damage('identity.json.copy', 20);
        assert.equal(await deviceKey(copy, 'car-1', noKey), KEY, `healed, ${name} at ${at}`);
      });
    }
  });
  it('is no other key where both copies are damaged, and no other car', async () => {
    const disk = tearingDisk(seededRandom(1));
    await deviceKey(disk, 'car-1', newKey);
    await assert.rejects(deviceKey(disk, 'car-2', noKey), { code: 'CONFIG_INVALID' });
    for (const name of await disk.list()) disk.damage(name, 20);
    await assert.rejects(deviceKey(disk, 'car-1', noKey), { code: 'OUTBOX_CORRUPT' });
  });
  it('is what release 0.1.0 wrote, too', async () => {
    const disk = tearingDisk(seededRandom(1));
    await disk.append('identity.json', Buffer.from(`{"schema":1,"vehicle":"car-1","key":"${KEY}"}\n`));
    await disk.append('boot.json', Buffer.from('{"schema":1,"boot":4}\n'));
    assert.equal(await deviceKey(disk, 'car-1', noKey), KEY);
    assert.equal(await nextBoot(disk, 0, never), 5);
  });

  it('is a boot above every one before, wherever the power goes, without asking anybody', async () => {
    for (let cut = 1; cut <= 12; cut++)
      for (let seed = 0; seed < 20; seed++) {
        let disk = tearingDisk(seededRandom(100 * cut + seed));
        let last = await nextBoot(disk, 0, () => Promise.resolve({ ...REGISTRATION, nextBoot: 1 }));
        for (let start = 0; start < 4; start++) {
          disk.cutAt(disk.operations + cut);
          const begun = await nextBoot(disk, 0, never).catch(() => undefined);
          // A boot that did not become durable was never used.
          if (begun !== undefined) {
            assert.ok(begun > last, `${begun} after ${last}`);
            last = begun;
          }
          disk = disk.afterPowerCut();
        }
        const next = await nextBoot(disk, 0, never);
        assert.ok(next > last, `${next} after ${last}`);
      }
  });
  it('is a boot above every one before, whatever byte of a copy is damaged', async () => {
    for (const name of ['boot.json', 'boot.json.copy']) {
      const disk = tearingDisk(seededRandom(1));
      await nextBoot(disk, 16, () => Promise.resolve({ ...REGISTRATION, nextBoot: 1 }));
      await eachDamage(disk, name, async at => {
        const boot = await nextBoot(disk.afterPowerCut(), 0, never);
        assert.equal(boot, 18, `${name} at ${at}`);
      });
    }
  });
  it('is a boot that the authority tells where the disk is empty or all damaged', async () => {
    const asked: number[] = [];
    const ask = (floor: number) => {
      asked.push(floor);
      return Promise.resolve({ ...REGISTRATION, nextBoot: 40 });
    };
    const disk = tearingDisk(seededRandom(1));
    assert.equal(await nextBoot(disk, 0, ask), 40);
    for (const name of await disk.list()) disk.damage(name, 3);
    assert.equal(await nextBoot(disk, 50, ask), 51);
    assert.deepEqual(asked, [1, 51]);
  });
  it('is the registration, or none where both copies are damaged: it is got anew', async () => {
    const disk = tearingDisk(seededRandom(1));
    assert.equal(await storedRegistration(disk), undefined);
    await keepRegistration(disk, REGISTRATION);
    disk.damage('registration.json', 5);
    assert.deepEqual(await storedRegistration(disk), REGISTRATION);
    disk.damage('registration.json.copy', 5);
    assert.equal(await storedRegistration(disk), undefined);
  });
});
