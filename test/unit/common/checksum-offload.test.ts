import assert from 'node:assert/strict';
import { checksumErrors, txOffload, type HostFindings } from '../../../common/checksum-offload.js';
import { sharedReader } from '../../../common/read-checksum-offload.js';
import { hostText } from '../../../sdn-app/tool/host-text.js';

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

describe('the reader of checksums for many who ask', () => {
  it('reads once for all who ask meanwhile, and again for who asks later', async () => {
    const answers: ((found: HostFindings) => void)[] = [];
    const read = sharedReader(() => new Promise(resolve => void answers.push(resolve)));
    const both = [read(), read()];
    assert.equal(answers.length, 1);
    const found: HostFindings = { checksumErrors: 0, interfaces: [] };
    answers[0]?.(found);
    assert.deepEqual(await Promise.all(both), [found, found]);
    void read();
    assert.equal(answers.length, 2);
  });

  it('reads again after it could not', async () => {
    let fails = true;
    const read = sharedReader(() =>
      fails ? Promise.reject(new Error('no')) : Promise.resolve({ checksumErrors: 'unknown', interfaces: [] }),
    );
    await assert.rejects(read(), /no/);
    fails = false;
    assert.equal((await read()).checksumErrors, 'unknown');
  });
});
