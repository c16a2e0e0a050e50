import assert from 'node:assert/strict';
import { Resources } from '../../../common/lifecycle.js';
import { baseFlows } from '../../../sdn-app/redirect/base.js';
import { vehicleFlows } from '../../../sdn-app/redirect/vehicle.js';
import type { Flow, FlowSwitch, SwitchEvent } from '../../../sdn-app/switch/flow-switch.js';
import { actionsText, flowKey } from '../../../sdn-app/switch/flow-text.js';
import { openOfctl, type Ofctl } from '../../../sdn-app/switch/ryu/ofctl.js';
import { frameOf } from '../../fakes/frames.js';
import { headersOfTest, testPacketOf } from '../../fakes/test-packets.js';
import { Arrivals } from '../../fakes/sdn-network.js';
import { CORE, EDGE2, at, networkOf, viewOf } from '../../unit/sdn-app/redirect/world.js';
import { needsSwitches } from './ryu-process.js';
import { connected, openStage, type Stage } from './stage.js';

const EVERYTHING = { cookie: 0, mask: 0 };
const adding = (...flows: Flow[]) => ({ meters: [], flows: flows.map(flow => ({ op: 'add', flow }) as const) });
const text = (flow: Flow): string => `${flowKey(flow)} ${flow.cookie} ${actionsText(flow.actions)}`;
const clear = { meters: [], flows: [{ op: 'deleteSlice', ...EVERYTHING } as const] };

describe('Open vSwitch through the stock ofctl_rest', function () {
  this.timeout(60_000);
  let all: Resources;
  let stage: Stage;
  let url: string;
  let ofctl: Ofctl;
  let flowSwitch: FlowSwitch;
  before(needsSwitches);
  before(async () => {
    all = new Resources();
    stage = all.use(await openStage());
    url = `http://127.0.0.1:${(await stage.addRyu()).webPort}`;
    ofctl = all.use(openOfctl({ url, pollMs: 100 }));
    flowSwitch = ofctl.switchOf(1);
    await connected(flowSwitch);
  });
  after(() => all?.[Symbol.asyncDispose]());
  beforeEach(() => flowSwitch.apply(clear));

  it('takes all flows that the app makes for a switch without moves, and reads them back as they were', async () => {
    const network = networkOf({ abilities: () => flowSwitch.abilities });
    const view = viewOf({
      place: at(3),
      armed: [{ domain: 'edge-2', host: EDGE2 }],
      returns: [at(2)],
      leaving: [{ host: CORE, epoch: 1 }],
      left: [at(1)],
    });
    const flows = [...baseFlows(network, 1), ...vehicleFlows(network, 1, view)];
    await flowSwitch.apply(adding(...flows));
    assert.deepEqual((await flowSwitch.readFlows(EVERYTHING)).map(text).sort(), flows.map(text).sort());
    await flowSwitch.apply(clear);
    assert.deepEqual(await flowSwitch.readFlows(EVERYTHING), []);
  });

  it('takes tags, MAC addresses, masks, IPv6, ARP and meters', async () => {
    const mac = { value: 0x02ed9e000001, mask: 2 ** 48 - 1 };
    const wide = { value: `fd00${'0'.repeat(28)}`, mask: `ffff${'0'.repeat(28)}` };
    const row = (priority: number, match: Flow['match'], actions: Flow['actions']): Flow => ({
      table: 0,
      priority,
      cookie: priority,
      match,
      actions,
    });
    const flows = [
      row(1, { vlan: 30, inPort: 2 }, [{ do: 'popVlan' }, { do: 'output', to: { port: 11 } }]),
      row(2, { vlan: 'none' }, [
        { do: 'pushVlan', vlan: 5 },
        { do: 'output', to: 'NORMAL' },
      ]),
      row(3, { ethSrc: mac, ethDst: { value: 2 ** 40, mask: 2 ** 40 } }, [{ do: 'output', to: 'IN_PORT' }]),
      row(4, { ipProto: 17, ip6Dst: wide, ip6Src: { ...wide, mask: 'f'.repeat(32) } }, [
        { do: 'setWide', field: 'ip6Dst', value: `fd01${'0'.repeat(27)}1` },
        { do: 'set', field: 'udpDst', value: 99 },
        { do: 'output', to: 'CONTROLLER' },
      ]),
      row(5, { etherType: 'arp', arpOp: { value: 1, mask: 0xffff }, arpTpa: { value: 0x0a400000, mask: 0xfff00000 } }, [
        { do: 'set', field: 'arpOp', value: 2 },
        { do: 'set', field: 'arpSha', value: mac.value },
      ]),
      row(6, { metadata: { value: 5, mask: 0xff }, etherType: 'ipv6', ipProto: 58 }, [
        { do: 'meter', meter: 7 },
        { do: 'set', field: 'ethSrc', value: mac.value },
        { do: 'metadata', value: 1, mask: 0xf },
        { do: 'goto', table: 9 },
      ]),
      row(7, {}, []),
    ];
    await flowSwitch.apply({ ...adding(...flows), meters: [{ op: 'set', meter: 7, ratePerS: 5 }] });
    assert.deepEqual((await flowSwitch.readFlows(EVERYTHING)).map(text).sort(), flows.map(text).sort());
    assert.deepEqual(
      (await ofctl.client.meterStats(1)).map(({ meter, flows: count }) => [meter, count]),
      [[7, 1]],
    );
    assert.match(await stage.openVSwitch.ofctl('dump-meters'), /pktps burst.*rate=5/s);
    // with its meter goes the flow, as OpenFlow 1.3 §6.2 has it
    await flowSwitch.apply({ meters: [{ op: 'delete', meter: 7 }], flows: [] });
    assert.equal((await flowSwitch.readFlows(EVERYTHING)).length, flows.length - 1);
  });

  it('finds out what the switch refused without a word', async () => {
    const metered: Flow = { table: 0, priority: 1, cookie: 1, match: {}, actions: [{ do: 'meter', meter: 99 }] };
    await assert.rejects(flowSwitch.apply(adding(metered)), { code: 'SWITCH_REFUSED' });
  });

  it('refuses what ofctl_rest would forget, and sends nothing of it', async () => {
    const bits = (field: 'udpSrc' | 'inPort' | 'reg0') => ({ field, offset: 0, length: 11 });
    const refused: Partial<Flow>[] = [
      { match: { ipDst: { value: 1, mask: 1 }, fragment: 'yes' } },
      { match: { ipProto: 17, udpDst: { value: 0x800, mask: 0xf800 } } },
      { match: { ipProto: 17 }, actions: [{ do: 'move', from: bits('inPort'), to: bits('udpSrc') }] },
      { match: { ipProto: 17 }, actions: [{ do: 'load', to: bits('udpSrc'), value: 1 }] },
      { actions: [{ do: 'output', to: { portFrom: bits('reg0') } }] },
      { actions: [{ do: 'set', field: 'reg0', value: 1 }] },
    ];
    for (const change of refused) {
      const flow: Flow = { table: 0, priority: 1, cookie: 1, match: {}, actions: [], ...change };
      await assert.rejects(flowSwitch.apply(adding({ ...flow, match: {}, actions: [], priority: 2 }, flow)), {
        code: 'SWITCH_REFUSED',
      });
    }
    assert.deepEqual(await flowSwitch.readFlows(EVERYTHING), []);
  });

  it('counts frames of flows, ports and tables', async () => {
    const before = await ofctl.client.portStats(1);
    assert.deepEqual(
      before.map(({ port }) => port).sort((a, b) => a - b),
      [...stage.ports],
    );
    const flow: Flow = {
      table: 0,
      priority: 1,
      cookie: 1,
      match: { inPort: 1 },
      actions: [{ do: 'output', to: { port: 2 } }],
    };
    await flowSwitch.apply(adding(flow));
    const sent = { src: '10.0.0.1', srcPort: 1, dst: '10.0.0.2', dstPort: 2 };
    const out = stage.out.next(({ port }) => port === 2);
    stage.send(1, frameOf(headersOfTest(sent), 'x'));
    assert.deepEqual(testPacketOf((await out).headers), sent);
    const packets = async (): Promise<number | undefined> => (await flowSwitch.readFlows(EVERYTHING))[0]?.packets;
    while ((await packets()) !== 1);
    const after = await ofctl.client.portStats(1);
    const received = (stats: typeof after) => stats.find(({ port }) => port === 1)!.rxPackets;
    assert.equal(received(after) - received(before), 1);
    assert.deepEqual(
      (await ofctl.client.tableStats(1)).map(({ table, flows }) => [table, flows]),
      [[0, 1]],
    );
  });

  it('keeps two apps apart by the term, as far as they ask', async () => {
    const other = all.use(openOfctl({ url })).switchOf(1);
    await connected(other);
    await flowSwitch.lead(3);
    await assert.rejects(other.lead(2), { code: 'SWITCH_REFUSED' });
    await other.lead(4);
    await assert.rejects(flowSwitch.apply(adding()), { code: 'SWITCH_REFUSED' });
    await other.apply(adding());
    assert.deepEqual(await other.readFlows(EVERYTHING), []);
    await flowSwitch.lead(5);
  });

  it('sees ports that go down, and a switch that was restarted', async () => {
    const events = new Arrivals<SwitchEvent>();
    flowSwitch.listen(event => events.push(event));
    const port = (up: boolean) =>
      events.next(event => event.type === 'portStatus' && event.port === 2 && event.up === up);
    await stage.setPort(2, false);
    await port(false);
    await stage.setPort(2, true);
    await port(true);
    const down = events.next(({ type }) => type === 'down');
    await stage.openVSwitch.restart();
    await down;
    await events.next(({ type }) => type === 'up');
    assert.equal(flowSwitch.connected, true);
  });

  it('is away where Ryu does not know the datapath', async () => {
    await assert.rejects(ofctl.client.portStats(9), { code: 'SWITCH_AWAY' });
    await assert.rejects(ofctl.switchOf(9).readFlows(EVERYTHING), { code: 'SWITCH_AWAY' });
  });
});
