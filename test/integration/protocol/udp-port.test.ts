import assert from 'node:assert/strict';
import { Resources } from '../../../common/lifecycle.js';
import type { Peer } from '../../../protocol/coap/types.js';
import { openUdpPort } from '../../../protocol/coap/udp-port.js';

describe('a UDP port', () => {
  it('of every IPv6 address leaves IPv4 to another one, and hears nothing of it', async () => {
    await using all = new Resources();
    const six = all.use(await openUdpPort({ address: '::', port: 0 }));
    const { port } = six.local;
    const four = all.use(await openUdpPort({ address: '0.0.0.0', port }));
    const heard: Record<string, string[]> = { four: [], six: [] };
    const both = new Promise<void>(resolve => {
      const note = (by: string) => (_bytes: Uint8Array, peer: Peer) => {
        heard[by]?.push(peer.address);
        if (Object.values(heard).flat().length === 2) resolve();
      };
      four.onDatagram(note('four'));
      six.onDatagram(note('six'));
    });
    all
      .use(await openUdpPort({ address: '127.0.0.1', port: 0 }))
      .send(Buffer.from('4'), { address: '127.0.0.1', port });
    all.use(await openUdpPort({ address: '::1', port: 0 })).send(Buffer.from('6'), { address: '::1', port });
    await both;
    assert.deepEqual(heard, { four: ['127.0.0.1'], six: ['::1'] });
  });

  for (const [address, stranger] of [
    ['127.0.0.1', '::1'],
    ['::1', '127.0.0.1'],
  ] as const)
    it(`at ${address} says so where the peer is of the other family, and goes on`, async () => {
      await using all = new Resources();
      let told = (_code: string): void => undefined;
      const port = all.use(await openUdpPort({ address, port: 0, onError: code => told(code) }));
      const failed = new Promise<string>(resolve => void (told = resolve));
      port.send(Buffer.from('x'), { address: stranger, port: 9 });
      assert.equal(await failed, 'EAFNOSUPPORT');
      const back = new Promise<string>(resolve => port.onDatagram(bytes => resolve(Buffer.from(bytes).toString())));
      port.send(Buffer.from('y'), port.local);
      assert.equal(await back, 'y');
    });
});
