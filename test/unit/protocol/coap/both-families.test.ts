import assert from 'node:assert/strict';
import { bothFamilies } from '../../../../protocol/coap/both-families.js';
import type { DatagramPort, Peer } from '../../../../protocol/coap/types.js';

function scripted(address: string) {
  const sent: string[] = [];
  const listeners: ((bytes: Uint8Array, peer: Peer) => void)[] = [];
  let closed = 0;
  const port: DatagramPort = {
    local: { address, port: 5683 },
    send: (_bytes, peer) => void sent.push(peer.address),
    onDatagram: listener => void listeners.push(listener),
    [Symbol.asyncDispose]: () => Promise.resolve(void closed++),
  };
  return {
    port,
    sent,
    hear: (peer: Peer) => listeners.forEach(one => one(new Uint8Array(), peer)),
    closed: () => closed,
  };
}

describe('a port of both families', () => {
  const four = scripted('10.96.16.1');
  const six = scripted('fd00::1');
  const both = bothFamilies(four.port, six.port);
  const CAR = { address: '10.80.0.7', port: 2053 };
  const CAR6 = { address: 'fd00:0:0:80::7', port: 2053 };

  it('sends by the family of the peer', () => {
    both.send(new Uint8Array(), CAR);
    both.send(new Uint8Array(), CAR6);
    assert.deepEqual([four.sent, six.sent], [[CAR.address], [CAR6.address]]);
  });

  it('tells of what comes in by either', () => {
    const heard: Peer[] = [];
    both.onDatagram((_bytes, peer) => heard.push(peer));
    four.hear(CAR);
    six.hear(CAR6);
    assert.deepEqual(heard, [CAR, CAR6]);
  });

  it('is named by IPv4, and closes both', async () => {
    assert.equal(both.local.address, '10.96.16.1');
    await both[Symbol.asyncDispose]();
    assert.deepEqual([four.closed(), six.closed()], [1, 1]);
  });
});
