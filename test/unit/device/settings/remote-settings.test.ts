import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { RemoteSettings } from '../../../../device/settings/remote-settings.js';
import { lab } from './lab.js';

const open = (it: ReturnType<typeof lab>, readsCar = true): Promise<RemoteSettings> =>
  RemoteSettings.open({
    disk: it.disk,
    readsCar,
    apply: settings => it.applied.push(settings),
    report: reported => it.reported.push(reported),
    log: silentLog,
  });

describe('settings that the twin tells', () => {
  it('hold at once, are answered, and hold after a restart', async () => {
    const it = lab();
    const remote = await open(it);
    remote.take({ version: 2, settings: { batchMax: 4 } });
    assert.deepEqual([it.applied, it.reported], [[], []], 'not before they are on the disk');
    await remote.idle();
    assert.deepEqual([it.applied, it.reported], [[{ batchMax: 4 }], [{ version: 2, result: 'applied' }]]);
    const again = await open(it);
    assert.deepEqual([it.applied.length, it.reported.length], [2, 1]);
    assert.deepEqual(again.reported, { version: 2, result: 'applied' });
  });

  it('are answered again where the twin did not hear it, and older ones change nothing', async () => {
    const it = lab();
    const remote = await open(it);
    for (const version of [3, 3, 2]) {
      remote.take({ version, settings: { batchMax: version } });
      await remote.idle();
    }
    assert.deepEqual(it.applied, [{ batchMax: 3 }]);
    assert.deepEqual(
      it.reported.map(({ version, result }) => [version, result]),
      [
        [3, 'applied'],
        [3, 'applied'],
        [3, 'applied'],
      ],
    );
  });

  it('are refused whole with a reason, and what held before goes on, also after a restart', async () => {
    const it = lab();
    const remote = await open(it);
    remote.take({ version: 1, settings: { batchMax: 4 } });
    await remote.idle();
    remote.take({ version: 2, settings: { batchMax: 8, colour: 'red' } });
    await remote.idle();
    assert.equal(it.applied.length, 1);
    const [, refused] = it.reported;
    assert.deepEqual([refused?.version, refused?.result], [2, 'refused']);
    assert.match(refused?.reason ?? '', /colour/);
    assert.deepEqual((await open(it)).reported, { version: 1, result: 'applied' });
    remote.take({ version: 3, settings: {} });
    await remote.idle();
    assert.deepEqual(it.applied.at(-1), {}, 'back to its own configuration');
  });

  it('about a car are refused where none is read', async () => {
    const it = lab();
    const remote = await open(it, false);
    remote.take({ version: 1, settings: { rates: { spd: { tier: 'fast' } } } });
    remote.take({ version: 2, settings: { thresholds: { alt: 3 } } });
    await remote.idle();
    assert.deepEqual(it.reported, [
      { version: 1, result: 'refused', reason: 'no car is read here' },
      { version: 2, result: 'applied' },
    ]);
  });

  it('neither hold nor are answered while the disk does not take them, and do when the twin tells them again', async () => {
    const it = lab();
    const remote = await open(it);
    it.disk.limit(0);
    remote.take({ version: 1, settings: { batchMax: 4 } });
    await remote.idle();
    assert.deepEqual([it.applied, it.reported], [[], []]);
    it.disk.limit(100_000);
    remote.take({ version: 1, settings: { batchMax: 4 } });
    await remote.idle();
    assert.deepEqual(it.reported, [{ version: 1, result: 'applied' }]);
  });

  it('that are damaged on the disk are asked for anew: the twin hears of version 0', async () => {
    const it = lab();
    const remote = await open(it);
    remote.take({ version: 5, settings: { batchMax: 4 } });
    await remote.idle();
    for (const name of ['settings.json', 'settings.json.copy']) it.disk.damage(name, 3);
    await open(it);
    assert.deepEqual(it.reported.at(-1), { version: 0, result: 'applied' });
  });
});
