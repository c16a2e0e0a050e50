import assert from 'node:assert/strict';
import { checksumErrors, hostText, txOffload } from '../../../../sdn-app/tool/host-check.js';

const SNMP = `Icmp: InMsgs InErrors
Icmp: 4 0
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
Udp: 100 1 2 90 0 0 7 0 0
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
UdpLite: 0 0 0 0 0 0 9 0 0
`;

describe('checksums of a machine', () => {
  it('are counted by the column of its name, of UDP alone', () => assert.equal(checksumErrors(SNMP), 7));
  it('are counted over IPv6', () =>
    assert.equal(checksumErrors('Udp6InDatagrams                 \t5\nUdp6InCsumErrors                \t3\n'), 3));
  it('are not known where the text says nothing of them', () =>
    assert.deepEqual(['', 'Udp: InDatagrams\nUdp: 4\n', 'junk'].map(checksumErrors), [
      undefined,
      undefined,
      undefined,
    ]));

  it('are left to an interface, or not, as ethtool says', () => {
    assert.equal(
      txOffload('Features for eth0:\nrx-checksumming: on\ntx-checksumming: off\n\ttx-checksum-ipv4: on\n'),
      'off',
    );
    assert.equal(txOffload('tx-checksumming: on\n'), 'on');
    assert.equal(txOffload(''), 'unknown');
  });

  it('are explained, and what cannot be known is said', () => {
    const text = hostText({
      checksumErrors: 'unknown',
      interfaces: [
        { name: 'veth0', txOffload: 'on' },
        { name: 'eth0', txOffload: 'unknown' },
      ],
    });
    assert.match(text, /not known, this machine has no \/proc\/net\/snmp/);
    assert.match(text, /eth0: transmit checksum offload not known/);
    assert.match(text, /ethtool -K NAME tx off/);
  });
});
