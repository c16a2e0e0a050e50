import assert from 'node:assert/strict';
import { Resources } from '../../../common/lifecycle.js';
import { GATEWAY_MAC, hostMac, ipv4ToNumber } from '../../../protocol/addresses.js';
import { baseFlows, baseMeters } from '../../../sdn-app/redirect/base.js';
import { vehicleFlows, vehicleMeters, type VehicleView } from '../../../sdn-app/redirect/vehicle.js';
import type { Batch, Flow, FlowSwitch, PacketHeaders } from '../../../sdn-app/switch/flow-switch.js';
import { actionsText, flowKey } from '../../../sdn-app/switch/flow-text.js';
import type { Ryu } from '../../../sdn-app/switch/ryu/adapter.js';
import { frameOf } from '../../fakes/frames.js';
import {
  CAR,
  CAR_MAC,
  CORE,
  EDGE1,
  EDGE2,
  NUMBER,
  TWIN,
  at,
  changes,
  networkOf,
  viewOf,
} from '../../unit/sdn-app/redirect/world.js';
import { CONTROLLERS } from './controllers.js';
import { connected, openStage, type Stage } from './stage.js';

const FRAMES = 60;
const NETWORK = networkOf();
const EVERYTHING = { cookie: 0, mask: 0 };
/** Where the hosts of `CORE` are. */
const CORE_PORT = 13;

/** A hand-over as sdn-app makes one: the car comes to another port, its flow goes to the new host, the old one goes. */
const STAGES: readonly VehicleView[] = [
  viewOf(),
  viewOf({ place: at(2) }),
  viewOf({ place: at(2), host: EDGE1, epoch: 1, leaving: [{ host: CORE, epoch: 0 }] }),
  viewOf({ place: at(2), host: EDGE1, epoch: 1 }),
  viewOf({ place: at(2), host: EDGE1, epoch: 1, armed: [{ domain: 'edge-2', host: EDGE2, lease: 'lease-1' }] }),
];
const BATCHES = STAGES.map((view, i): Batch => ({ meters: [], flows: changes(NETWORK, 1, STAGES[i - 1], view) }));

const textsOf = (flows: readonly Flow[]): string[] =>
  flows.map(flow => `${flowKey(flow)} ${flow.cookie} ${actionsText(flow.actions)}`).sort();

const datagram: Exclude<PacketHeaders, { family: 'other' }> = {
  ethSrc: CAR_MAC,
  ethDst: GATEWAY_MAC,
  family: 'ipv4',
  ipSrc: ipv4ToNumber(CAR),
  ipDst: ipv4ToNumber(TWIN),
  udpSrc: 5683,
  udpDst: 5683,
};

for (const { name, needs, open } of CONTROLLERS)
  describe(`a vehicle on Open vSwitch ${name}`, function () {
    this.timeout(60_000);
    let all: Resources;
    let stage: Stage;
    let controller: Ryu;
    let flowSwitch: FlowSwitch;
    before(needs);
    before(async () => {
      all = new Resources();
      stage = all.use(await openStage());
      controller = all.use(await open(stage));
      flowSwitch = controller.switchOf(1);
      await connected(flowSwitch);
    });
    after(() => all?.[Symbol.asyncDispose]());

    /** The switch has the flows of nobody but the network. */
    const begin = (): Promise<void> =>
      flowSwitch.apply({
        meters: [...baseMeters(NETWORK, 1), ...vehicleMeters(NUMBER)],
        flows: [
          { op: 'deleteSlice', ...EVERYTHING },
          ...baseFlows(NETWORK, 1).map(flow => ({ op: 'add', flow }) as const),
        ],
      });
    const tableAfter = async (order: readonly Batch[]): Promise<string[]> => {
      await begin();
      for (const batch of order) await flowSwitch.apply(batch);
      return textsOf(await flowSwitch.readFlows(EVERYTHING));
    };

    it('has the same table where the batches of a hand-over were applied twice, or once more one step late', async () => {
      for (const [last, view] of STAGES.entries()) {
        const wanted = textsOf([...baseFlows(NETWORK, 1), ...vehicleFlows(NETWORK, 1, view)]);
        const part = BATCHES.slice(0, last + 1);
        assert.deepEqual(await tableAfter(part), wanted);
        assert.deepEqual(await tableAfter(part.flatMap(batch => [batch, batch])), wanted);
        const late = part.flatMap((batch, i) => (i === 0 ? [batch] : [batch, part[i - 1] ?? batch]));
        assert.deepEqual(await tableAfter([...late, ...part.slice(-1)]), wanted);
      }
    });

    it('has every frame delivered where it came by another port, and some of them copied', async () => {
      await tableAfter(BATCHES.slice(0, 1));
      let copies = 0;
      const end = flowSwitch.listen(({ type }) => void (copies += type === 'packetIn' ? 1 : 0));
      for (let n = 0; n < FRAMES; n++) stage.send(2, frameOf(datagram, String(n)));
      for (let n = 0; n < FRAMES; n++) {
        const { headers } = await stage.out.next(({ port }) => port === CORE_PORT);
        assert.equal(headers.ethDst, hostMac(CORE.address));
      }
      // what the copies were asked by is read after them
      await flowSwitch.readFlows(EVERYTHING);
      end();
      assert.ok(copies > 0 && copies < FRAMES, `${copies} copies of ${FRAMES} frames`);
    });

    it('has its frames delivered, and all other ones forwarded as usual, when nobody controls the switch', async () => {
      await tableAfter(BATCHES.slice(0, 1));
      await controller[Symbol.asyncDispose]();
      // taken away, and not only gone, it would leave an empty table
      await stage.openVSwitch.vsctl('set-controller', stage.openVSwitch.bridge, 'tcp:127.0.0.1:9');
      const [served, forwarded] = [
        stage.out.next(({ port }) => port === CORE_PORT),
        stage.out.next(({ port, headers }) => port === 4 && headers.family === 'ipv4' && headers.udpDst === 53),
      ];
      stage.send(2, frameOf(datagram, 'served'));
      assert.equal((await served).headers.ethDst, hostMac(CORE.address));
      const other = { ...datagram, ethDst: 0x020000000099, ipDst: ipv4ToNumber('10.128.0.1'), udpDst: 53 };
      stage.send(1, frameOf(other, 'forwarded'));
      const { headers } = await forwarded;
      assert.deepEqual([headers.ethSrc, headers.ethDst], [CAR_MAC, 0x020000000099]);
    });
  });
