import assert from 'node:assert/strict';
import { Resources } from '../../../../common/lifecycle.js';
import { claimBlock, type LoopbackBlock } from '../../../../lab/network/loopback-block.js';
import { LOOPBACK_PLAN, aliasAddress, encodeTag, twinAddress } from '../../../../protocol/addresses.js';
import { baseFlows, baseMeters } from '../../../../sdn-app/redirect/base.js';
import { difference } from '../../../../sdn-app/redirect/difference.js';
import type { Network } from '../../../../sdn-app/redirect/network.js';
import { vehicleFlows, vehicleMeters, type HostEnd, type VehicleView } from '../../../../sdn-app/redirect/vehicle.js';
import { openSoftSwitch, type SoftSwitch } from '../../../../sdn-app/switch/soft.js';
import { openFakeHost, openFakeRouter, openTestSwitch } from '../../../fakes/sdn-network.js';
import { TWO_SWITCHES } from '../../../unit/sdn-app/redirect/world.js';

describe('two soft switches', () => {
  let all: Resources;
  let block: LoopbackBlock;
  let router: Awaited<ReturnType<typeof openFakeRouter>>;
  let switches: Map<number, SoftSwitch>;
  let network: Network;
  let entrance: Map<number, { address: string; port: number }>;
  let number: number;
  let sent: VehicleView | undefined;

  beforeEach(async () => {
    all = new Resources();
    block = all.use(await claimBlock());
    number = block.firstNumber;
    sent = undefined;
    router = all.use(await openFakeRouter(block.serviceAddress(5)));
    const ends = new Map<number, { address: string; port: number }>();
    entrance = new Map();
    switches = new Map();
    for (const [datapath, peersTrunk] of [
      [1, 21],
      [2, 20],
    ] as const) {
      const address = block.serviceAddress(datapath + 1);
      const lab = all.use(
        await openTestSwitch(address, router.port, { datapath, topology: TWO_SWITCHES, trunks: ends }),
      );
      ends.set(peersTrunk, { address, port: lab.udpPort });
      entrance.set(datapath, { address, port: lab.udpPort });
      const flowSwitch = all.use(openSoftSwitch({ datapath, address, port: lab.controlPort }));
      await new Promise<void>(resolve => {
        const end = flowSwitch.listen(({ type }) => {
          if (type === 'up') resolve();
        });
        all.defer(end);
      });
      switches.set(datapath, flowSwitch);
    }
    network = {
      plan: LOOPBACK_PLAN,
      topology: TWO_SWITCHES,
      trust: 'lab',
      abilities: () => switches.get(1)!.abilities,
    };
    for (const [datapath, flowSwitch] of switches)
      await flowSwitch.apply({
        meters: baseMeters(network, datapath),
        flows: difference([], baseFlows(network, datapath)),
      });
  });
  afterEach(() => all[Symbol.asyncDispose]());

  const show = async (view: VehicleView): Promise<void> => {
    for (const [datapath, flowSwitch] of switches) {
      const before = sent === undefined ? [] : vehicleFlows(network, datapath, sent);
      const flows = difference(before, vehicleFlows(network, datapath, view));
      await flowSwitch.apply({ meters: vehicleMeters(number), flows });
    }
    sent = view;
  };
  const view = (change: Partial<VehicleView>): VehicleView => ({
    number,
    host: end(1, 'core'),
    epoch: 0,
    place: { datapath: 1, port: 1, source: { address: block.carAddress(0), port: 5683 } },
    armed: [],
    returns: [],
    leaving: [],
    ...change,
  });
  const end = (index: number, domain: string): HostEnd => ({ address: block.hostAddress(index), port: 5683, domain });
  const say = async (datapath: number, port: number, text: string): Promise<string> => {
    const heard = router.got.next(frame => frame.text === `ack ${text}`);
    router.send(
      entrance.get(datapath)!,
      { port, srcIp: block.carAddress(0), srcPort: 5683, dstIp: twinAddress(LOOPBACK_PLAN, number), dstPort: 5683 },
      text,
    );
    const { port: out, srcIp, dstIp } = await heard;
    assert.deepEqual([srcIp, dstIp], [twinAddress(LOOPBACK_PLAN, number), block.carAddress(0)]);
    return `${out}`;
  };

  it('take frames over the trunk to a host and its answers back to the port where the car is, in both directions', async () => {
    const core = all.use(await openFakeHost(block.hostAddress(1)));
    const edge = all.use(await openFakeHost(block.hostAddress(2)));
    await show(view({}));
    assert.equal(await say(1, 1, 'a'), '1');
    assert.equal(await say(2, 4, 'b'), '4');
    await show(view({ host: end(2, 'edge-2'), epoch: 1, leaving: [{ host: end(1, 'core'), epoch: 0 }] }));
    assert.equal(await say(1, 2, 'c'), '2');
    assert.equal(await say(2, 4, 'd'), '4');
    assert.deepEqual(
      [core.got.all, edge.got.all].map(list => list.map(({ text, tag }) => `${text} ${tag}`)),
      [
        [
          `a ${encodeTag({ unconfirmed: false, datapath: 1, inPort: 1 })}`,
          `b ${encodeTag({ unconfirmed: false, datapath: 2, inPort: 4 })}`,
        ],
        [
          `c ${encodeTag({ unconfirmed: false, datapath: 1, inPort: 2 })}`,
          `d ${encodeTag({ unconfirmed: false, datapath: 2, inPort: 4 })}`,
        ],
      ],
    );
  });

  it('let the old host behind one switch and the new one behind the other speak by the same tag', async () => {
    const core = all.use(await openFakeHost(block.hostAddress(1)));
    all.use(await openFakeHost(block.hostAddress(2)));
    await show(view({}));
    await say(1, 1, 'before');
    await show(view({ host: end(2, 'edge-2'), epoch: 1, leaving: [{ host: end(1, 'core'), epoch: 0 }] }));
    await say(1, 1, 'after');
    const late = router.got.next(({ text }) => text === 'late');
    core.send('late', aliasAddress(LOOPBACK_PLAN, number), encodeTag({ unconfirmed: false, datapath: 1, inPort: 1 }));
    assert.equal((await late).port, 1);
  });
});
