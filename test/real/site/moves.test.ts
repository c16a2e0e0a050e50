import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STATION_DEVICE } from '../../../lab/netns/plan.js';
import type { SwitchCheck } from '../../../protocol/api/sdn-app.js';
import type { HostNetwork } from '../../../protocol/api/vmd.js';
import { SiteJourney, needsSite } from './harness.js';

/** An operator's own row of the detector table. */
const CROSSING = `
rows:
  - name: crossing
    layer: 2
    deadlineMs: 1000
    confirmedBy: [lab]
    when: { port: other, domain: other, address: same }
`;

describe('moves on Open vSwitch and Ryu', () => {
  before(needsSite);
  let journey: SiteJourney;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-detectors-'));
    const file = join(folder, 'detectors.yaml');
    await writeFile(file, CROSSING);
    journey = await SiteJourney.open({ extra: { 'sdn-app': ['--detectors', file] } });
    await journey.actsIn(0, 'edge-1');
  });
  after(async () => {
    await journey?.[Symbol.asyncDispose]();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  it('by port: the twin follows into the other domain, and the move has the name that an operator gave it', async () => {
    await journey.moveTo(0, 'edge-2');
    await journey.actsIn(0, 'edge-2');
    await journey.acknowledges(0);
    assert.equal((await journey.flows(0))?.lastMove?.detector, 'crossing');
  });

  it('by address: the car keeps its twin, which knows it by its new address', async () => {
    await journey.readdress(0, '10.112.7.7');
    await journey.acknowledges(0);
    const record = await journey.until('the move is known', async () => {
      const found = await journey.vehicle(0);
      return found?.attachment?.source.address === '10.112.7.7' && found;
    });
    assert.equal(record.acting?.domain, 'edge-2');
  });

  it('by both at once', async () => {
    await journey.readdress(0, '10.112.8.8');
    await journey.moveTo(0, 'edge-1');
    const record = await journey.actsIn(0, 'edge-1');
    await journey.acknowledges(0);
    assert.equal(record.attachment?.source.address, '10.112.8.8');
  });

  it('inside one domain: a re-route, no hand-over', async () => {
    const before = (await journey.handovers()).length;
    await journey.move(0, 'ap-3');
    await journey.acknowledges(0);
    await journey.until(
      'the move is known',
      async () => (await journey.vehicle(0))?.attachment?.accessPoint === 'ap-3',
    );
    const [latest] = await journey.handovers();
    assert.equal((await journey.handovers()).length, before + 1);
    assert.equal(latest?.kind, 'same-domain');
    assert.equal((await journey.flows(0))?.lastMove?.detector, 'port');
  });

  it('an operator is told of them, of flows and ways, and that the switch holds what it should', async () => {
    const { services } = journey.system;
    const said = async (...words: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await journey.system.command(['sdn', ...words, '--sdn', services.sdn]);
      return code === 0 ? stdout : assert.fail(`${words.join(' ')}: ${stderr}${stdout}`);
    };
    // What is under way counts as a difference.
    const check = await journey.until('the switch holds what it should', async () => {
      const { code, stdout } = await journey.system.command(['sdn', 'check', '--json', '--sdn', services.sdn]);
      return code === 0 && (JSON.parse(stdout) as SwitchCheck & { hosts: { host: string; found: HostNetwork }[] });
    });
    assert.equal(check.drops['fragment-to-twin'], 0);
    const { acting } = (await journey.vehicle(0)) ?? {};
    const found = check.hosts.find(({ host }) => host === acting?.host)?.found;
    assert.equal(found?.checksumErrors, 0);
    assert.equal(found.interfaces.find(({ name }) => name === STATION_DEVICE)?.txOffload, 'off');
    const [vehicles, moves, flows, trace] = await Promise.all([
      said('vehicles', 'car-1'),
      said('moves', '--vehicle', 'car-1'),
      said('flows', '--vehicle', 'car-1'),
      said('trace', 'car-1', '--from', 'elsewhere'),
    ]);
    assert.match(vehicles, / 1\/3 ap-3 [\s\S]*path [1-9]/);
    assert.match(moves, /car-1 .* ap-1 .* ap-3 .* port +re-route/);
    assert.match(flows, / path +car-1 .* from port 3/);
    assert.match(trace, /priority 9[05][\s\S]*its answer/);
  });

  it('to and fro every 200 ms: the twin ends where the car is', async () => {
    for (let round = 0; round < 5; round++)
      for (const accessPoint of ['ap-2', 'ap-3']) {
        await journey.move(0, accessPoint);
        await new Promise(resolve => setTimeout(resolve, 200));
      }
    await journey.move(0, 'ap-2');
    await journey.actsIn(0, 'edge-2');
    await journey.acknowledges(0);
  });

  it('and nothing is lost, doubled or left over', async () => {
    const outcome = await journey.endsClean();
    assert.equal(outcome.handovers.failed, 0);
  });
});
