import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needsSwitches, startRyu, type RyuProcess } from '../flow-switch/ryu-process.js';
import { PlainSwitch } from './plain-switch.js';
import { WireClient } from './wire-client.js';
import { flowOf } from './wire-samples.js';

describe('the Ryu app and a switch without extensions', function () {
  this.timeout(60_000);
  let folder: string;
  let ryu: RyuProcess;
  let client: WireClient;
  const switches: PlainSwitch[] = [];
  before(needsSwitches);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-plain-'));
    ryu = await startRyu(folder);
  });
  beforeEach(async () => void (client = await WireClient.open(ryu.webPort)));
  afterEach(async () => {
    for (const one of switches.splice(0)) one.close();
    await client?.[Symbol.asyncDispose]();
  });
  after(async () => {
    await ryu?.[Symbol.asyncDispose]();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });
  const connectSwitch = (): PlainSwitch => {
    const made = new PlainSwitch(ryu.openFlowPort, 1);
    switches.push(made);
    return made;
  };

  it('says that it has neither bundles nor moves, and sends changes one by one', async () => {
    const plain = connectSwitch();
    assert.deepEqual(await client.next('up'), { type: 'up', datapath: 1, bundles: false, moves: false });
    plain.flowMods.length = 0;
    assert.equal((await client.add(flowOf({ in_port: 1 }, []), flowOf({ in_port: 2 }, []))).type, 'done');
    assert.equal(plain.flowMods.length, 2);
    const moving = flowOf({}, [['apply', [['move', 'in_port', 0, 'reg0', 0, 16]]]]);
    const refused = await client.add(flowOf({ in_port: 3 }, []), moving);
    assert.ok(refused.type === 'refused');
    const error = { type: 2, code: 2, typeName: 'BAD_ACTION', codeName: 'BAD_EXPERIMENTER', index: 1 };
    assert.deepEqual(refused.errors, [error]);
  });

  it('takes a switch that connects again for another one, whose first connection is over', async () => {
    connectSwitch();
    await client.next('up');
    const again = connectSwitch();
    await client.next('down');
    await client.next('up');
    again.flowMods.length = 0;
    assert.equal((await client.add(flowOf({}, []))).type, 'done');
    assert.equal(again.flowMods.length, 1);
    again.close();
    await client.next('down');
    assert.equal((await client.add(flowOf({}, []))).type, 'away');
  });
});
