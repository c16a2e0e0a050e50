import assert from 'node:assert/strict';
import { coverageDropsIn, packetDropsIn, portDropsIn, udpDropsIn } from '../../../../bench/network/drops.js';
import { gapsOf } from '../../../../bench/network/losses.js';
import type { CarLog } from '../../../../bench/network/drive-log.js';

const sight = (number: number) => ({ atMs: number * 10, number, where: 'ap-1' });

describe('lost frames', () => {
  it('are gaps of one or more in a row, by their distance from the moves before them', () => {
    const sent = Array.from({ length: 10 }, (_, number) => sight(number));
    const arrived = sent.filter(({ number }) => ![0, 4, 5, 9].includes(number));
    const log: CarLog = { sent, arrived, answered: [], replied: [] };
    const move = { atMs: 20, from: 'ap-2', to: 'ap-1', oldHost: 'a', newHost: 'b', misled: 0 };
    const own = [{ ...move, toOldMs: undefined, toNewMs: undefined, wayBackGapMs: undefined }];
    assert.deepEqual(gapsOf(log, own, [20, 85]), [
      { frames: 1, atMs: 0 },
      { frames: 2, atMs: 40, sinceMoveMs: 20, sinceOwnMoveMs: 20 },
      { frames: 1, atMs: 90, sinceMoveMs: 5, sinceOwnMoveMs: 70 },
    ]);
  });
});

describe('counters of drops', () => {
  it('are read from /proc/net/udp', () => {
    const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  123: 0100007F:1633 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 17 2 0 5
  124: 0100007F:1634 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 18 2 0 2
Ip: Forwarding DefaultTTL
`;
    assert.equal(udpDropsIn(text), 7);
  });

  it('are read from what Open vSwitch and ss say', () => {
    const ports = `  port  1: rx pkts=10, bytes=900, drop=3, errs=0, frame=0, over=0, crc=0
           tx pkts=9, bytes=800, drop=1, errs=0, coll=0
  port  2: rx pkts=10, bytes=900, drop=4, errs=0, frame=0, over=0, crc=0
           tx pkts=9, bytes=800, drop=?, errs=0, coll=0
`;
    assert.deepEqual(portDropsIn(ports), { 'switch: ports, in': 7, 'switch: ports, out': 1 });
    const coverage = `Event coverage, avg rate over last: 5 seconds, last minute, last hour,  hash=e1dd
datapath_drop_upcall_error   0.0/sec     0.000/sec        0.0000/sec   total: 12
netlink_sent                 0.0/sec     0.000/sec        0.0000/sec   total: 99
`;
    assert.deepEqual(coverageDropsIn(coverage), { 'switch: datapath_drop_upcall_error': 12 });
    const sockets = `p_raw UNCONN 0 0 *:br1 * skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d17)
p_raw UNCONN 0 0 *:ap1 * skmem:(r0,rb212992,t0,tb212992,f0,w0,o320,bl0,d5)
`;
    assert.equal(packetDropsIn(sockets), 22);
  });
});
