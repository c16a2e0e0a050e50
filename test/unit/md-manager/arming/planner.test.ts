import assert from 'node:assert/strict';
import { Leases } from '../../../../md-manager/arming/leases.js';
import { Planner } from '../../../../md-manager/arming/planner.js';
import { parseTopology } from '../../../../protocol/topology.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { idleState } from '../../../fakes/handover-world.js';
import { attachmentIn } from '../../../fakes/host-refs.js';

const DOMAINS = ['edge-1', 'edge-2', 'edge-3'];
const point = (n: number, neighbours: number[]) => ({
  ...{ id: `ap-${n}`, domain: `edge-${n}`, latitude: 40, longitude: n, rangeM: 100 },
  neighbours: neighbours.map(other => `ap-${other}`),
});
/** A road: edge-1 – edge-2 – edge-3. */
const topology = parseTopology({
  domains: DOMAINS,
  switches: [
    {
      datapath: 1,
      ports: DOMAINS.map((domain, n) => ({ port: n + 1, role: 'access', domain, accessPoint: `ap-${n + 1}` })),
    },
  ],
  accessPoints: [point(1, [2]), point(2, [1, 3]), point(3, [2])],
});

describe('the planner of standby slots', () => {
  /** A vehicle at rest in edge-1, in pools with two slots to give. */
  function planner(by: 'neighbours' | 'prediction' = 'neighbours') {
    const clock = fakeClock();
    const state = { ...idleState('edge-1/1'), vehicle: 'car-1', attachment: attachmentIn('edge-1', 1) };
    const made = new Planner(
      { topology, budget: 10, ticketsPerDomain: 0, reserve: 0, dwellMs: 0, by },
      {
        pool: { rooms: () => new Map(DOMAINS.map(domain => [domain, { ready: 2, reserve: 0 }])) },
        ...{ clock, leases: new Leases(), state: vehicle => (vehicle === 'car-1' ? state : undefined) },
      },
    );
    const wanted = (): string[] => (made.plan()?.plan.take ?? []).map(({ domain, reason }) => `${domain}: ${reason}`);
    return { clock, made, wanted };
  }

  it('keeps slots in neighbouring domains', () => {
    const { made, wanted } = planner();
    made.look('car-1');
    assert.deepEqual(wanted(), ['edge-2: neighbour ap-2']);
  });

  it('keeps one where the vehicle is said to go before those, each domain once, for as long as the word counts', async () => {
    const { clock, made, wanted } = planner();
    made.foresee('car-1', { domain: 'edge-3', reason: 'smf early' });
    assert.deepEqual(wanted(), ['edge-3: smf early', 'edge-2: neighbour ap-2']);
    made.foresee('car-1', { domain: 'edge-2', reason: 'smf early' });
    assert.deepEqual(wanted(), ['edge-2: smf early']);
    await clock.advance(60_000);
    assert.deepEqual(wanted(), ['edge-2: neighbour ap-2']);
  });

  it('keeps none where the vehicle already is', () => {
    const { made, wanted } = planner();
    made.foresee('car-1', { domain: 'edge-1', reason: 'smf late' });
    assert.deepEqual(wanted(), ['edge-2: neighbour ap-2']);
  });

  it('keeps one only where a vehicle is foreseen to go, for as long as it is known how it moves', async () => {
    const { clock, made, wanted } = planner('prediction');
    made.look('car-1');
    assert.deepEqual(wanted(), ['edge-2: neighbour ap-2'], 'nothing is known of it');
    made.follow('car-1', 10_000);
    assert.deepEqual(wanted(), [], 'it goes nowhere');
    made.foresee('car-1', { domain: 'edge-3', reason: 'predicted ap-3 in 7 s' }, 'forecast', 5_000);
    assert.deepEqual(wanted(), ['edge-3: predicted ap-3 in 7 s']);
    await clock.advance(5_000);
    assert.deepEqual(wanted(), [], 'it has turned away');
    await clock.advance(5_000);
    assert.deepEqual(wanted(), ['edge-2: neighbour ap-2'], 'nothing is heard of it any more');
  });

  it('is not asked anew by a forecast that says what the one before said', () => {
    const { made, wanted } = planner('prediction');
    const next = { domain: 'edge-3', reason: 'predicted ap-3 in 7 s' };
    made.foresee('car-1', next, 'forecast', 5_000);
    assert.equal(wanted().length, 2);
    made.foresee('car-1', next, 'forecast', 5_000);
    assert.equal(made.plan(), undefined);
  });

  it('tells how many are foreseen to enter each domain and have no slot there', async () => {
    const { clock, made } = planner('prediction');
    made.foresee('car-1', { domain: 'edge-3', reason: 'predicted' }, 'forecast', 5_000);
    made.foresee('car-9', { domain: 'edge-3', reason: 'nobody knows it' }, 'forecast', 5_000);
    assert.deepEqual([...made.expected()], [['edge-3', 1]]);
    await clock.advance(5_000);
    assert.deepEqual([...made.expected()], []);
  });
});
