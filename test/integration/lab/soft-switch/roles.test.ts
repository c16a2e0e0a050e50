import assert from 'node:assert/strict';
import { Resources } from '../../../../common/lifecycle.js';
import { claimBlock } from '../../../../lab/network/loopback-block.js';
import type { LabSwitch } from '../../../../lab/soft-switch/switch.js';
import type { Batch, SwitchEvent } from '../../../../sdn-app/switch/flow-switch.js';
import { openSoftSwitch, type SoftSwitch } from '../../../../sdn-app/switch/soft.js';
import { Arrivals, openFakeRouter, openTestSwitch } from '../../../fakes/sdn-network.js';

const COPY_ALL: Batch = {
  meters: [],
  flows: [
    {
      op: 'add',
      flow: { table: 0, priority: 1, cookie: 1, match: {}, actions: [{ do: 'output', to: 'CONTROLLER' }] },
    },
  ],
};
const isSlave = (error: Error & { code?: string }): boolean =>
  error.code === 'SWITCH_REFUSED' && (error.cause as { code?: string }).code === 'IS_SLAVE';

describe('two controllers of a soft switch', () => {
  let all: Resources;
  let address: string;
  let lab: LabSwitch;
  let router: Awaited<ReturnType<typeof openFakeRouter>>;

  beforeEach(async () => {
    all = new Resources();
    const block = all.use(await claimBlock());
    address = block.serviceAddress(2);
    router = all.use(await openFakeRouter(block.serviceAddress(5)));
    lab = await openTestSwitch(address, router.port);
  });
  afterEach(async () => {
    await all[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose]();
  });

  const controller = async (): Promise<{ flowSwitch: SoftSwitch; events: Arrivals<SwitchEvent> }> => {
    const flowSwitch = all.use(openSoftSwitch({ address, port: lab.controlPort }));
    const events = new Arrivals<SwitchEvent>();
    all.defer(flowSwitch.listen(event => events.push(event)));
    await events.next(({ type }) => type === 'up');
    return { flowSwitch, events };
  };
  const send = (): void =>
    router.send(
      { address, port: lab.udpPort },
      { port: 1, srcIp: '127.0.0.9', srcPort: 1, dstIp: '127.0.0.8', dstPort: 2 },
      'x',
    );

  it('share its copies until one leads, then the other hears of ports alone', async () => {
    const [a, b] = [await controller(), await controller()];
    await a.flowSwitch.apply(COPY_ALL);
    send();
    for (const { events } of [a, b]) await events.next(({ type }) => type === 'packetIn');
    await a.flowSwitch.lead(1);
    await b.flowSwitch.lead(2);
    send();
    await b.events.next(({ type }) => type === 'packetIn');
    await b.flowSwitch.setPort(2, false);
    await a.events.next(({ type }) => type === 'portStatus');
    assert.equal(a.events.all.filter(({ type }) => type === 'packetIn').length, 1);
    assert.equal((await a.flowSwitch.readFlows({ cookie: 0, mask: 0 })).length, 1, 'a slave may read');
  });

  it('lead again by themselves after the switch was lost, the one of the lower term never', async () => {
    const [old, young] = [await controller(), await controller()];
    await old.flowSwitch.lead(1);
    await young.flowSwitch.lead(2);
    const { udpPort, controlPort } = lab;
    await lab[Symbol.asyncDispose]();
    for (const { events } of [old, young]) await events.next(({ type }) => type === 'down');
    lab = await openTestSwitch(address, router.port, { udp: udpPort, control: controlPort });
    for (const { events } of [old, young]) await events.next(({ type }) => type === 'up');
    await young.flowSwitch.apply(COPY_ALL);
    await assert.rejects(old.flowSwitch.apply(COPY_ALL), isSlave);
    await assert.rejects(old.flowSwitch.lead(1), { code: 'SWITCH_REFUSED' });
    await old.flowSwitch.lead(3);
    await old.flowSwitch.apply(COPY_ALL);
    await assert.rejects(young.flowSwitch.apply(COPY_ALL), isSlave);
  });

  it('hang up on a switch that is not theirs', async () => {
    const wrong = all.use(openSoftSwitch({ address, port: lab.controlPort, datapath: 2 }));
    const right = await controller();
    await right.flowSwitch.readFlows({ cookie: 0, mask: 0 });
    assert.equal(wrong.connected, false);
    await assert.rejects(wrong.apply(COPY_ALL), { code: 'SWITCH_AWAY' });
  });
});
