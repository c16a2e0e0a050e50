import assert from 'node:assert/strict';
import type { WireFlow, WireMod } from '../../../sdn-app/switch/ryu/wire.js';
import { fromHex, toHex } from '../../../common/hex.js';
import { needsSwitches, type RyuProcess } from '../flow-switch/ryu-process.js';
import { openStage, type Stage } from '../flow-switch/stage.js';
import { WireClient } from './wire-client.js';
import { COOKIE, NEEDED_METER, SAMPLES, flowOf } from './wire-samples.js';

/** UDP 10.0.0.9:40000 → 10.64.0.1:5683, from 02:00:00:00:00:09, without checksum. */
const FRAME = fromHex(
  `02ed9e00000102000000000908004500001e000040004011${'0000'}0a0000090a400001${'9c401633000a0000'}abcd`,
);
const ANY: WireMod = { op: 'deleteCookie', cookie: 0, mask: 0 };
const numbered = (number: number, more: Partial<WireFlow> = {}): WireFlow =>
  flowOf({ metadata: number }, [], { cookie: number, ...more });

describe('the Ryu app and Open vSwitch', function () {
  this.timeout(60_000);
  let stage: Stage;
  let ryu: RyuProcess;
  let client: WireClient;
  before(needsSwitches);
  before(async () => {
    stage = await openStage();
    ryu = await stage.addRyu();
    client = await WireClient.open(ryu.webPort);
    await client.next('up');
  });
  beforeEach(async () => void (await client.batch([ANY])));
  after(async () => {
    await client?.[Symbol.asyncDispose]();
    await stage?.[Symbol.asyncDispose]();
  });

  it('says hello and which switches are up to every client', async () => {
    await using second = await WireClient.open(ryu.webPort);
    assert.deepEqual(await second.next('hello'), { type: 'hello', version: 1, datapaths: [1] });
    assert.deepEqual(await second.next('up'), { type: 'up', datapath: 1, bundles: true, moves: true });
    assert.equal((await second.batch([])).type, 'done');
  });

  it('gives every match, action and instruction back as it was sent', async () => {
    const done = await client.batch(
      SAMPLES.map(flow => ({ op: 'add', flow })),
      { before: [NEEDED_METER] },
    );
    assert.equal(done.type, 'done', JSON.stringify(done));
    const found = new Map((await client.flows()).map(flow => [flow.priority, flow]));
    for (const flow of SAMPLES) assert.deepEqual(found.get(flow.priority), { ...flow, packets: 0 });
    assert.equal(found.size, SAMPLES.length);
  });

  it('reads the flows of one cookie slice only', async () => {
    await client.add(numbered(0x10), numbered(0x11), numbered(0x20));
    const found = await client.flows(0x10, 0xf0);
    assert.deepEqual(
      found.map(({ cookie }) => cookie).toSorted((a, b) => a - b),
      [0x10, 0x11],
    );
  });

  it('replaces, deletes strictly, and deletes by cookie, in the order of the batch', async () => {
    await client.add(numbered(1), numbered(2), numbered(3));
    const { table, priority, match } = numbered(2);
    const done = await client.batch([
      { op: 'add', flow: numbered(1, { cookie: 9 }) },
      { op: 'deleteStrict', table, priority, match },
      { op: 'deleteCookie', cookie: 3, mask: 0xffff },
      { op: 'add', flow: numbered(4) },
    ]);
    assert.equal(done.type, 'done');
    const cookies = (await client.flows()).map(({ cookie }) => cookie);
    assert.deepEqual(
      cookies.toSorted((a, b) => a - b),
      [4, 9],
    );
  });

  const BAD = flowOf({ udp_dst: 5 }, []);
  const PREREQUISITE = { type: 4, code: 9, typeName: 'BAD_MATCH', codeName: 'BAD_PREREQ' };

  it('applies nothing of a bundle with a wrong flow, and says which it was and why', async () => {
    const answer = await client.add(numbered(1), BAD, numbered(2));
    assert.ok(answer.type === 'refused');
    assert.deepEqual(answer.errors, [{ ...PREREQUISITE, index: 1 }]);
    assert.deepEqual(await client.flows(), []);
  });

  it('counts indexes through before, bundle and after', async () => {
    const answer = await client.batch([{ op: 'add', flow: BAD }], { before: [NEEDED_METER, NEEDED_METER] });
    assert.ok(answer.type === 'refused');
    assert.deepEqual(answer.errors, [{ ...PREREQUISITE, index: 2 }]);
  });

  it('names the error of a meter that is not there, and changes nothing', async () => {
    const metered = numbered(1, { instructions: [['meter', 77]] });
    const answer = await client.add(numbered(2), metered);
    assert.ok(answer.type === 'refused');
    const [{ typeName = '', codeName = '', index } = {}] = answer.errors;
    assert.deepEqual([typeName, codeName, index], ['METER_MOD_FAILED', 'INVALID_METER', 1]);
    assert.deepEqual(await client.flows(), []);
  });

  it('refuses a known form with a value that is wrong, too, without applying the rest', async () => {
    const tagged = (vlan: number): WireFlow => flowOf({ in_port: vlan }, [['apply', [['set', 'reg0', vlan]]]]);
    assert.equal((await client.add(tagged(1), tagged(2))).type, 'done');
    await client.batch([ANY]);
    const tooWide = flowOf({ in_port: 3 }, [['apply', [['load', 'reg0', 0, 4, 16]]]]);
    const fits = flowOf({ in_port: 4 }, [['apply', [['load', 'reg0', 0, 4, 15]]]]);
    assert.equal((await client.add(fits, tagged(4))).type, 'done');
    await client.batch([ANY]);
    assert.equal((await client.add(tagged(5), tooWide)).type, 'refused');
    assert.deepEqual(await client.flows(), []);
  });

  it('sets, changes and deletes meters, and keeps the flows of a meter whose batch was refused', async () => {
    const metered = numbered(1, { instructions: [['meter', 8]] });
    const meter = (ratePerS: number): WireMod => ({ op: 'meter', meter: 8, ratePerS });
    assert.equal((await client.batch([{ op: 'add', flow: metered }], { before: [meter(5)] })).type, 'done');
    assert.equal((await client.batch([], { before: [meter(7)] })).type, 'done');
    assert.match(await stage.openVSwitch.ofctl('dump-meters'), /meter=8 pktps burst.*\n.*rate=7 burst_size=7/);
    const gone: WireMod = { op: 'deleteMeter', meter: 8 };
    assert.equal((await client.batch([{ op: 'add', flow: BAD }], { after: [gone] })).type, 'refused');
    assert.equal((await client.flows()).length, 1);
    assert.equal((await client.batch([ANY], { after: [gone] })).type, 'done');
    assert.doesNotMatch(await stage.openVSwitch.ofctl('dump-meters'), /meter=8/);
  });

  it('takes 1,000 flows in one batch, and tells them in parts', async () => {
    const flows = Array.from({ length: 1_000 }, (_, index) => numbered(index + 1));
    assert.equal((await client.add(...flows)).type, 'done');
    const found = (await client.flows()).map(({ cookie }) => cookie).toSorted((a, b) => a - b);
    assert.deepEqual(
      found,
      flows.map(({ cookie }) => cookie),
    );
    const wrong = flows.map((flow, index) => (index === 999 ? BAD : { ...flow, cookie: COOKIE }));
    assert.equal((await client.add(...wrong)).type, 'refused');
    assert.equal((await client.flows(COOKIE, 2 ** 53 - 1)).length, 0);
  });

  it('keeps the order of batches that are in flight at once', async () => {
    const at = (cookie: number): WireFlow => flowOf({ in_port: 1 }, [], { cookie });
    const other = (cookie: number): WireFlow =>
      flowOf({ in_port: 2, ...(cookie % 7 ? {} : { reg0: 1 }) }, [], { cookie });
    const batches = Array.from({ length: 100 }, (_, index) => client.add(at(index + 1), other(index + 1)));
    const read = client.flows();
    for (const answer of await Promise.all(batches)) assert.equal(answer.type, 'done');
    const found = (await read).find(({ match }) => match['in_port'] === 1);
    assert.equal(found?.cookie, 100);
  });

  it('tells a packet-in with its registers, metadata, table and cookie', async () => {
    const copy = flowOf(
      { eth_type: 0x0800, ip_proto: 17, metadata: [9, 0xffffffff] },
      [
        [
          'apply',
          [
            ['move', 'ipv4_src', 0, 'reg0', 0, 32],
            ['move', 'udp_src', 0, 'reg1', 0, 16],
            ['load', 'reg1', 16, 16, 7],
            ['set', 'xxreg1', '0x00000001000000020000000300000004'],
            ['set', 'ipv4_src', '10.80.0.1'],
            ['output', 'CONTROLLER'],
          ],
        ],
      ],
      { table: 9 },
    );
    const first = flowOf({ in_port: 2 }, [
      ['metadata', 9, 0xffffffff],
      ['goto', 9],
    ]);
    assert.equal((await client.add({ ...first, table: 0 }, copy)).type, 'done');
    stage.send(2, FRAME ?? new Uint8Array());
    const { data, ...told } = await client.next('packetIn');
    assert.deepEqual(told, {
      ...{ type: 'packetIn', datapath: 1, inPort: 2, table: 9, cookie: COOKIE, metadata: 9 },
      registers: [0x0a000009, 0x00079c40, 0, 0, 1, 2, 3, 4],
    });
    const sent = toHex(FRAME ?? new Uint8Array());
    assert.equal(data.slice(0, 24), sent.slice(0, 24));
    assert.equal(data.slice(52, 60), '0a500001');
  });

  it('tells a port that goes down and up, and one that is down to who comes later', async () => {
    await stage.setPort(3, false);
    await client.hears({ type: 'portStatus', datapath: 1, port: 3, up: false });
    {
      await using late = await WireClient.open(ryu.webPort);
      assert.deepEqual(await late.next('portStatus'), { type: 'portStatus', datapath: 1, port: 3, up: false });
    }
    await stage.setPort(3, true);
    await client.hears({ type: 'portStatus', datapath: 1, port: 3, up: true });
  });

  it('tells the end of a flow that asks for it, and of no other', async () => {
    const asking = numbered(98, { tellRemoved: true });
    await client.add(numbered(97), asking);
    await client.batch([ANY]);
    const { table, priority } = asking;
    for (;;) {
      const told = await client.next('flowRemoved');
      assert.notEqual(told.cookie, 97);
      if (told.cookie !== 98) continue;
      assert.deepEqual(told, { type: 'flowRemoved', datapath: 1, table, priority, cookie: 98, packets: 0 });
      break;
    }
  });

  it('serves on after what is no request', async () => {
    for (const text of ['', '{', '[]', 'null', '5', '{"id":"1"}', `${'['.repeat(100_000)}`]) client.send(text);
    const wrong = await client.batch([{ op: 'add', flow: flowOf({ in_portx: 5 }, []) }]);
    assert.ok(wrong.type === 'refused');
    assert.deepEqual([wrong.errors, wrong.detail], [[], "change 0: 'in_portx' is no field"]);
    assert.equal(client.refusals.length, 7);
    const away = await client.ask({ op: 'flows', cookie: 0, mask: 0 }, 2);
    assert.deepEqual([away.type, (await client.batch([])).type], ['away', 'done']);
  });

  it('serves the paths of ofctl_rest as well', async () => {
    const answer = await fetch(`http://127.0.0.1:${ryu.webPort}/stats/switches`);
    assert.deepEqual(await answer.json(), [1]);
  });

  it('lets no page of a web site in', async () => {
    const answer = await fetch(`http://127.0.0.1:${ryu.webPort}/edgetwin/v1`, {
      headers: { origin: 'http://a.example' },
    });
    assert.ok(answer.status >= 400);
  });
});
