import assert from 'node:assert/strict';
import { hearing } from '../../../vmd/coap.js';
import { Residents } from '../../../vmd/residents.js';
import { fakeClock } from '../../fakes/fake-clock.js';

const ALIAS = '10.80.0.7';
const ALIAS6 = 'fded:9e00:0:80::7';
const UNCONFIRMED = 0x8000;

describe('what is heard of a resident', () => {
  const scene = () => {
    const clock = fakeClock();
    const residents = new Residents();
    const resident = residents.add('car-7', 7, [ALIAS, ALIAS6], 1, clock.monotonicMs());
    return { clock, residents, resident, heard: hearing(residents, clock) };
  };

  for (const address of [ALIAS, ALIAS6])
    it(`counts at ${address}`, async () => {
      const { clock, resident, heard } = scene();
      await clock.advance(500);
      heard({ address, port: 2_053 });
      assert.deepEqual([resident.heardAtMs, resident.lastPeer], [clock.monotonicMs(), { address, port: 2_053 }]);
    });

  it('counts without a change of where it is asked, where the tag is unconfirmed', async () => {
    const { clock, resident, heard } = scene();
    heard({ address: ALIAS, port: 2_053 });
    await clock.advance(500);
    heard({ address: ALIAS6, port: UNCONFIRMED + 2_054 });
    assert.deepEqual([resident.heardAtMs, resident.lastPeer], [clock.monotonicMs(), { address: ALIAS, port: 2_053 }]);
  });

  it('is nobody’s once the slot is let go, at either address', () => {
    const { residents } = scene();
    assert.equal(residents.ofAlias(ALIAS6), residents.ofAlias(ALIAS));
    residents.remove('car-7');
    assert.deepEqual([residents.ofAlias(ALIAS), residents.ofAlias(ALIAS6)], [undefined, undefined]);
  });
});
