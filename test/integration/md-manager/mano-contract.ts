import assert from 'node:assert/strict';
import type { Mano } from '../../../md-manager/mano/mano.js';

export interface ManoUnderTest extends AsyncDisposable {
  /** A Mano as a manager opens it; several may be opened one after the other over the same instances. */
  open(): Promise<Mano>;
  /** Ends an instance from outside. */
  end(host: string): Promise<void>;
}

/** What every Mano holds to. */
export function manoContract(name: string, make: () => Promise<ManoUnderTest>): void {
  describe(`${name} as a Mano`, function () {
    this.timeout(60_000);

    it('starts instances under names and addresses that are not given twice', async () => {
      await using under = await make();
      await using mano = await under.open();
      await mano.adopt();
      const first = await mano.start('edge-1');
      await mano.stop(first.host, 'now');
      const second = await mano.start('edge-1');
      assert.notEqual(second.host, first.host);
      assert.notEqual(second.address, first.address);
      assert.deepEqual(mano.list(), [second]);
    });

    it('leaves its instances alive when it is closed, and the next one adopts them', async () => {
      await using under = await make();
      const before = await under.open();
      await before.adopt();
      const instance = await before.start('core');
      await before[Symbol.asyncDispose]();
      await using after = await under.open();
      assert.deepEqual(await after.adopt(), [instance]);
    });

    it('does not adopt what has ended meanwhile', async () => {
      await using under = await make();
      const before = await under.open();
      await before.adopt();
      const { host } = await before.start('core');
      await before[Symbol.asyncDispose]();
      await under.end(host);
      await using after = await under.open();
      assert.deepEqual(await after.adopt(), []);
    });

    it('tells once of an instance that ended, whoever ended it', async () => {
      await using under = await make();
      await using mano = await under.open();
      await mano.adopt();
      const { host } = await mano.start('core');
      const gone: string[] = [];
      const told = new Promise<void>(resolve => mano.onGone(name => resolve(void gone.push(name))));
      await under.end(host);
      await told;
      await mano.stop(host, 'gently');
      assert.deepEqual([gone, mano.list()], [[host], []]);
    });
  });
}
