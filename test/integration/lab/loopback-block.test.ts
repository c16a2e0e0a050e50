import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { BLOCK_SIZE, blockAddresses, claimBlock } from '../../../lab/network/loopback-block.js';

describe('blocks of loopback addresses', () => {
  it('are not given out while a vMD host of a run that was killed still listens in them', async () => {
    await using free = await claimBlock();
    const at = (blocks: number): number => (free.base / BLOCK_SIZE + blocks) / 1_024;
    const next = blockAddresses((free.base + BLOCK_SIZE) % (1_024 * BLOCK_SIZE));
    const left = createSocket('udp4');
    left.bind(5683, next.hostAddress(7));
    await once(left, 'listening');
    try {
      await using claimed = await claimBlock(() => at(1) % 1);
      assert.notEqual(claimed.base, next.base);
      assert.notEqual(claimed.base, free.base);
    } finally {
      left.close();
    }
  });

  it('belong to one run at a time', async () => {
    await using one = await claimBlock(() => 0.5);
    await using other = await claimBlock(() => 0.5);
    assert.notEqual(one.base, other.base);
  });
});
