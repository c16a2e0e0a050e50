import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Resources } from '../../../common/lifecycle.js';
import type { Flow, SwitchEvent } from '../../../sdn-app/switch/flow-switch.js';
import { openOfctl, type Ofctl } from '../../../sdn-app/switch/ryu/ofctl.js';
import { plainFlow, type Body } from '../../../sdn-app/switch/ryu/ofctl-encode.js';
import { Arrivals } from '../../fakes/sdn-network.js';

const FLOW: Flow = {
  table: 0,
  priority: 1,
  cookie: 5,
  match: { inPort: 1 },
  actions: [{ do: 'output', to: { port: 2 } }],
};
const ROW = { table_id: 0, priority: 1, cookie: 5, packet_count: 0, match: { in_port: 1 }, actions: ['OUTPUT:2'] };
const BATCH = { meters: [], flows: [{ op: 'add', flow: FLOW } as const] };
const EVERYTHING = { cookie: 0, mask: 0 };
const port = (number: number | string, duration_sec = 100) => ({
  ...{ port_no: number, rx_packets: 1, tx_packets: 2, rx_bytes: 3, tx_bytes: 4 },
  ...{ rx_dropped: 5, tx_dropped: 6, rx_errors: 7, tx_errors: 8, duration_sec },
});

/** What `ofctl_rest` answers, by the path below /stats/ without the datapath. */
interface Answers {
  switches: unknown;
  port: unknown[];
  portdesc: unknown[];
  flow: unknown[];
  aggregateflow: unknown[];
  desc: object;
  status: number;
  hung: boolean;
}

describe('the stock ofctl_rest', () => {
  let all: Resources;
  let answers: Answers;
  let asked: { path: string; body: string }[];
  let ofctl: Ofctl;
  beforeEach(async () => {
    all = new Resources();
    asked = [];
    answers = {
      switches: [1],
      port: [port(1), port('LOCAL')],
      portdesc: [{ port_no: 1, state: 0 }],
      flow: [],
      aggregateflow: [{ flow_count: 0 }],
      desc: { mfr_desc: 'Nicira, Inc.' },
      status: 200,
      hung: false,
    };
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        const path = (request.url ?? '').replace('/stats/', '');
        asked.push({ path, body });
        if (answers.hung) return;
        const [what = '', datapath] = path.split('/');
        const found = answers[what as keyof Answers];
        const status = datapath === '9' ? 404 : answers.status;
        response.writeHead(status, { 'content-type': 'application/json' });
        const text = datapath === undefined ? found : { [datapath]: found };
        response.end(status !== 200 || path.includes('entry/') ? '' : JSON.stringify(text));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    all.defer(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    ofctl = all.use(openOfctl({ url, pollMs: 20, deadlineMs: 300 }));
  });
  afterEach(() => all[Symbol.asyncDispose]());

  const is = (type: SwitchEvent['type']) => (event: SwitchEvent) => event.type === type;
  const opened = async () => {
    const flowSwitch = ofctl.switchOf(1);
    const events = new Arrivals<SwitchEvent>();
    flowSwitch.listen(event => events.push(event));
    await events.next(is('up'));
    return { flowSwitch, events };
  };

  it('is sent commands in order, then asked for a sign that the switch has seen them, then for the flows', async () => {
    const { flowSwitch } = await opened();
    answers.flow = [ROW];
    answers.aggregateflow = [{ flow_count: 1 }];
    asked.length = 0;
    await flowSwitch.apply(BATCH);
    const mine = asked.filter(({ path }) => !/^(switches|port)/.test(path));
    assert.deepEqual(
      mine.map(({ path }) => path),
      ['flowentry/add', 'desc/1', 'flow/1', 'aggregateflow/1'],
    );
    assert.deepEqual(JSON.parse(mine[0]?.body ?? '') as Body, plainFlow(1, FLOW));
    assert.deepEqual(await flowSwitch.readFlows(EVERYTHING), [{ ...FLOW, packets: 0 }]);
  });

  it('says nothing when the switch refused: then the flow is not there', async () => {
    const { flowSwitch } = await opened();
    await assert.rejects(flowSwitch.apply(BATCH), { code: 'SWITCH_REFUSED' });
  });

  it('answers with nothing when the switch did not: that is no answer', async () => {
    const { flowSwitch } = await opened();
    answers.aggregateflow = [];
    await assert.rejects(flowSwitch.readFlows(EVERYTHING), { code: 'DEADLINE' });
    answers.aggregateflow = [{ flow_count: 3 }];
    await assert.rejects(flowSwitch.readFlows(EVERYTHING), { code: 'DEADLINE' });
    answers.desc = {};
    await assert.rejects(flowSwitch.apply(BATCH), { code: 'DEADLINE' });
    answers.port = [];
    await assert.rejects(ofctl.client.portStats(1), { code: 'DEADLINE' });
  });

  it('counts by port, without the port of the switch itself', async () => {
    assert.deepEqual(await ofctl.client.portStats(1), [
      {
        ...{ port: 1, rxPackets: 1, txPackets: 2, rxBytes: 3, txBytes: 4 },
        ...{ rxDropped: 5, txDropped: 6, rxErrors: 7, txErrors: 8, ageS: 100 },
      },
    ]);
  });

  it('shows a switch that was restarted between two looks by the age of its ports', async () => {
    const { events } = await opened();
    answers.port = [port(1, 2)];
    await events.next(is('down'));
    await events.next(is('up'));
  });

  it('shows a port that lost its link, and to whoever listens later', async () => {
    const { flowSwitch, events } = await opened();
    answers.portdesc = [{ port_no: 1, state: 1 }];
    const event = await events.next(is('portStatus'));
    assert.deepEqual(event, { type: 'portStatus', datapath: 1, port: 1, up: false });
    const late: SwitchEvent[] = [];
    flowSwitch.listen(told => late.push(told));
    assert.deepEqual(late, [{ type: 'up' }, event]);
  });

  for (const [what, change, code] of [
    ['an error', { status: 500 }, 'UPSTREAM_REFUSED'],
    ['another form', { port: [{ port_no: 1 }] }, 'UPSTREAM_REFUSED'],
    ['nothing for too long', { hung: true }, 'DEADLINE'],
  ] as const)
    it(`is a switch that is away where it answers ${what}`, async () => {
      const { flowSwitch, events } = await opened();
      Object.assign(answers, change);
      await assert.rejects(ofctl.client.portStats(1), { code });
      await events.next(is('down'));
      await assert.rejects(flowSwitch.apply(BATCH), { code: 'SWITCH_AWAY' });
      await assert.rejects(flowSwitch.readFlows(EVERYTHING), { code: 'SWITCH_AWAY' });
    });

  it('does not know every datapath', async () => {
    await assert.rejects(ofctl.client.portStats(9), { code: 'SWITCH_AWAY' });
    assert.equal(ofctl.switchOf(9).connected, false);
  });

  it('says down once it is disposed of', async () => {
    const { events } = await opened();
    await ofctl[Symbol.asyncDispose]();
    await events.next(is('down'));
  });
});
