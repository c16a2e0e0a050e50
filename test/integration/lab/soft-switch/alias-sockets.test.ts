import assert from 'node:assert/strict';
import { AliasSockets } from '../../../../lab/soft-switch/alias-sockets.js';
import { claimBlock } from '../../../../lab/network/loopback-block.js';
import { LOOPBACK_PLAN, aliasAddress, ipv4ToNumber } from '../../../../protocol/addresses.js';
import { openFakeHost } from '../../../fakes/sdn-network.js';

describe('alias sockets', () => {
  it('speak from alias and tag, hear the answer there, and close the one that was silent for longest', async () => {
    await using block = await claimBlock();
    await using host = await openFakeHost(block.hostAddress(1));
    const ip = ipv4ToNumber(aliasAddress(LOOPBACK_PLAN, block.firstNumber));
    const to = { ip: ipv4ToNumber(block.hostAddress(1)), port: 5683 };
    const heard: string[] = [];
    let wake = (): void => undefined;
    await using sockets = new AliasSockets({
      max: 2,
      onDatagram: (end, payload) => {
        heard.push(`${end.port} ${Buffer.from(payload).toString()}`);
        wake();
      },
      onError: (_end, error) => assert.fail(error),
    });
    const say = async (tag: number): Promise<void> => {
      const answered = new Promise<void>(resolve => (wake = resolve));
      sockets.send({ ip, port: tag }, to, Buffer.from('hi'));
      await answered;
    };
    for (const tag of [2049, 2050, 2049, 2051]) await say(tag);
    assert.deepEqual(heard, ['2049 ack hi', '2050 ack hi', '2049 ack hi', '2051 ack hi']);
    assert.equal(sockets.size, 2);
    await say(2050);
    assert.deepEqual(
      host.got.all.map(({ tag }) => tag),
      [2049, 2050, 2049, 2051, 2050],
    );
  });
});
