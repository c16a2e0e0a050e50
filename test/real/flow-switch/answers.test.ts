import assert from 'node:assert/strict';
import { fromHex, toHex } from '../../../common/hex.js';
import { Resources } from '../../../common/lifecycle.js';
import { GATEWAY_MAC } from '../../../protocol/addresses.js';
import { ipv6ToHex } from '../../../protocol/ipv6.js';
import { baseFlows, baseMeters, dropsOf } from '../../../sdn-app/redirect/base.js';
import type { FlowSwitch } from '../../../sdn-app/switch/flow-switch.js';
import { openRyu } from '../../../sdn-app/switch/ryu/adapter.js';
import { frameOf } from '../../fakes/frames.js';
import { CAR_MAC, TWIN6, networkOf } from '../../unit/sdn-app/redirect/world.js';
import { needsSwitches } from './ryu-process.js';
import { connected, openStage, type Stage } from './stage.js';

const hex = (value: number, bytes: number): string => value.toString(16).padStart(bytes * 2, '0');
const bytes = (text: string): Uint8Array => fromHex(text.replaceAll(' ', '')) ?? new Uint8Array();
const GATEWAY = hex(GATEWAY_MAC, 6);
const CAR = hex(CAR_MAC, 6);
const TWIN = '0a40004d';
const CAR_IP = '0a700005';
const CAR_IP6 = ipv6ToHex('fded:9e00:0:112::5');

/** RFC 1071 over the pseudo header of RFC 8200 §8.1; 0 where the checksum in the message is right. */
function icmp6Checksum(source: string, target: string, message: string): number {
  const length = message.length / 2;
  const all = bytes(`${source}${target}${hex(length, 4)}0000003a${message}`);
  let sum = 0;
  for (let i = 0; i < all.length; i += 2) sum += all[i]! * 256 + all[i + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return 0xffff - sum;
}

describe('Open vSwitch with the flows of the app', function () {
  this.timeout(60_000);
  let all: Resources;
  let stage: Stage;
  let flowSwitch: FlowSwitch;
  before(needsSwitches);
  before(async () => {
    all = new Resources();
    stage = all.use(await openStage());
    const { webPort } = await stage.addRyu();
    flowSwitch = all.use(openRyu({ url: `ws://127.0.0.1:${webPort}` })).switchOf(1);
    await connected(flowSwitch);
    const flows = baseFlows(networkOf(), 1).map(flow => ({ op: 'add', flow }) as const);
    await flowSwitch.apply({ meters: baseMeters(networkOf(), 1), flows });
  });
  after(() => all?.[Symbol.asyncDispose]());

  it('answers who asks for the MAC address of a twin (RFC 826)', async () => {
    const back = stage.out.next(({ port }) => port === 1);
    stage.send(1, bytes(`ffffffffffff ${CAR} 0806 0001 0800 06 04 0001 ${CAR} ${CAR_IP} 000000000000 ${TWIN}`));
    assert.equal(
      toHex((await back).bytes.subarray(0, 42)),
      toHex(bytes(`${CAR} ${GATEWAY} 0806 0001 0800 06 04 0002 ${GATEWAY} ${TWIN} ${CAR} ${CAR_IP}`)),
    );
  });

  it('answers who solicits the MAC address of a twin (RFC 4861)', async () => {
    const twin = ipv6ToHex(TWIN6);
    const group = `ff0200000000000000000001ff${twin.slice(26)}`;
    const unchecked = `8700 0000 00000000 ${twin} 01 01 ${CAR}`.replaceAll(' ', '');
    const sum = hex(icmp6Checksum(CAR_IP6, group, unchecked), 2);
    const solicitation = `8700${sum}${unchecked.slice(8)}`;
    const back = stage.out.next(({ port }) => port === 1);
    stage.send(1, bytes(`3333ff${twin.slice(26)} ${CAR} 86dd 60000000 0020 3a ff ${CAR_IP6} ${group} ${solicitation}`));
    const got = toHex((await back).bytes);
    assert.equal(got.slice(0, 28), `${CAR}${GATEWAY}86dd`);
    const [source, target, message] = [got.slice(44, 76), got.slice(76, 108), got.slice(108, 172)];
    assert.deepEqual([source, target], [twin, CAR_IP6]);
    // type, code; solicited and override; target; option 2 of one unit: the target's link-layer address
    assert.equal(message.slice(0, 4) + message.slice(8), `8800 60000000 ${twin} 02 01 ${GATEWAY}`.replaceAll(' ', ''));
    assert.equal(icmp6Checksum(source, target, message), 0);
  });

  it('drops fragments to twins, the first one, too, and counts them', async () => {
    const whole = frameOf(
      {
        ethSrc: CAR_MAC,
        ethDst: GATEWAY_MAC,
        family: 'ipv4',
        ipSrc: 0x0a700005,
        ipDst: 0x0a40004d,
        udpSrc: 1,
        udpDst: 5683,
      },
      'part of a datagram',
    );
    for (const flags of [0x2000, 0x0002]) {
      const part = Uint8Array.from(whole);
      new DataView(part.buffer).setUint16(20, flags);
      stage.send(1, part);
    }
    const fragments = async (): Promise<number | undefined> =>
      dropsOf(networkOf(), 1, await flowSwitch.readFlows({ cookie: 0, mask: 0 }))['fragment-to-twin'];
    while ((await fragments()) !== 2);
  });
});
