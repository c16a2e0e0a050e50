import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { namesOf, readNames } from '../../../../md-manager/triggers/names.js';
import { Triggers } from '../../../../md-manager/triggers/triggers.js';
import { fault } from '../../../../protocol/errors.js';
import { METRICS } from '../../../../protocol/metrics.js';
import { parseTopology } from '../../../../protocol/topology.js';
import type { Sighting } from '../../../../protocol/triggers/sighting.js';

const NAMES = namesOf(
  {
    vehicles: { 'gpsi:msisdn-1': 'car-1', 'gpsi:msisdn-9': 'car-9' },
    domains: { 'dnai-b': 'edge-2' },
    accessPoints: { 'their-ap': 'ap-3' },
  },
  ['edge-1', 'edge-2'],
);
const early: Sighting = {
  ...{ origin: 'smf', phase: 'early', device: { kind: 'gpsi', value: 'msisdn-1' }, source: 'edge-1', target: 'dnai-b' },
  atMs: 0,
};

describe('names of others', () => {
  it('are those of the file, and for domains our own, too', () => {
    assert.equal(NAMES.vehicleOf({ kind: 'gpsi', value: 'msisdn-1' }), 'car-1');
    assert.equal(NAMES.vehicleOf({ kind: 'supi', value: 'msisdn-1' }), undefined);
    assert.deepEqual(
      ['dnai-b', 'edge-1', 'dnai-c'].map(place => NAMES.domainOf(place)),
      ['edge-2', 'edge-1', undefined],
    );
    assert.equal(namesOf({ domains: { x: 'edge-7' } }, ['edge-1']).domainOf('x'), undefined);
  });

  it('in a file that cannot be read, or of another form, are told as a setting that is wrong', () => {
    assert.throws(() => readNames('/nowhere/names.yaml', []), { code: 'CONFIG_INVALID', message: /names\.yaml/ });
    assert.throws(() => namesOf({ vehicles: { 'msisdn-1': 'car-1' } }, []));
  });
});

const TOPOLOGY = parseTopology({
  domains: ['edge-1', 'edge-2'],
  switches: [
    {
      datapath: 1,
      ports: [
        ...[1, 3].map(port => ({ port, role: 'access', domain: 'edge-1', accessPoint: `ap-${port}` })),
        { port: 2, role: 'access', domain: 'edge-2', accessPoint: 'ap-2' },
      ],
    },
  ],
  accessPoints: [],
});
const SOURCE = { address: '10.45.0.7', port: 4_000 };
const AT_AP_1 = { datapath: 1, port: 1, domain: 'edge-1', accessPoint: 'ap-1', source: SOURCE };

interface Scene {
  readonly topology?: typeof TOPOLOGY;
  readonly attachment?: typeof AT_AP_1;
  readonly lastStartedAtMs?: number;
  readonly sdnAway?: boolean;
}

function scene({ topology, attachment = AT_AP_1, lastStartedAtMs, sdnAway = false }: Scene = { topology: TOPOLOGY }) {
  const done: string[] = [];
  const metrics = new Metrics(METRICS);
  const triggers = new Triggers({
    ...{ names: NAMES, metrics, log: silentLog, topology, clock: { nowMs: () => 1_000_000 } },
    state: vehicle =>
      vehicle === 'car-9' ? undefined : { attachment, ...(lastStartedAtMs === undefined ? {} : { lastStartedAtMs }) },
    foresee: (vehicle, domain, reason) => void done.push(`foresee ${vehicle} ${domain} ${reason}`),
    hint: (vehicle, { datapath, port, source }) => {
      if (sdnAway) return Promise.reject(fault('UPSTREAM_AWAY', 'by the test'));
      done.push(`hint ${vehicle} ${datapath}/${port} ${source.address}:${source.port}`);
      return Promise.resolve();
    },
  });
  return {
    done,
    metrics,
    take: async (...sightings: Sighting[]) =>
      (await triggers.take({ sightings, passedOver: 0 }, 'smf')).map(({ result }) => result),
    passOver: (passedOver: number) => triggers.take({ sightings: [], passedOver }, 'smf'),
  };
}

const late: Sighting = { ...early, phase: 'late' };

describe('news about where vehicles go', () => {
  it('arm the vehicle where it is about to be, with the reason of it', async () => {
    const { take, done } = scene();
    assert.deepEqual(await take(early), ['foreseen']);
    assert.deepEqual(done, ['foresee car-1 edge-2 smf early']);
  });

  it('of a move that happened tell sdn-app where the vehicle is now, under the address that they tell', async () => {
    const { take, done } = scene();
    assert.deepEqual(await take({ ...late, address: '10.46.0.9' }), ['switched']);
    assert.deepEqual(done, ['hint car-1 1/2 10.46.0.9:4000']);
  });

  it('take the access point that they name, where a domain has several; of an uncertain place they arm', async () => {
    const attachment = { ...AT_AP_1, port: 2, domain: 'edge-2', accessPoint: 'ap-2' };
    const entering: Sighting = { ...late, origin: 'mec-location', target: 'edge-1' };
    const one = scene({ topology: TOPOLOGY, attachment });
    assert.deepEqual(await one.take({ ...entering, accessPoint: 'their-ap' }), ['switched']);
    assert.deepEqual(one.done, ['hint car-1 1/3 10.45.0.7:4000']);
    const other = scene({ topology: TOPOLOGY, attachment });
    assert.deepEqual(await other.take({ ...entering, accessPoint: 'ap-7' }), ['foreseen']);
    assert.deepEqual(other.done, ['foresee car-1 edge-1 mec-location late ap-7']);
  });

  it('arm, where nobody knows the network or sdn-app is away', async () => {
    for (const of of [{}, { topology: TOPOLOGY, sdnAway: true }]) {
      const { take, done } = scene(of);
      assert.deepEqual(await take(late), ['foreseen']);
      assert.deepEqual(done, ['foresee car-1 edge-2 smf late']);
    }
  });

  it('of what the switch knows already change nothing', async () => {
    const there = { ...AT_AP_1, port: 2, domain: 'edge-2', accessPoint: 'ap-2' };
    const { take, done } = scene({ topology: TOPOLOGY, attachment: there });
    assert.deepEqual(await take(late, { ...early, atMs: 1 }), ['there', 'there']);
    assert.deepEqual(done, []);
  });

  it('that come twice, or after newer ones, change nothing', async () => {
    const { take, done } = scene();
    const back: Sighting = { ...late, target: 'edge-1', accessPoint: 'ap-3', atMs: 20 };
    assert.deepEqual(await take({ ...late, atMs: 10 }), ['switched']);
    assert.deepEqual(await take({ ...late, atMs: 10 }), ['repeated']);
    assert.deepEqual(await take(back), ['switched']);
    assert.deepEqual(await take({ ...late, atMs: 10 }), ['stale']);
    assert.equal(done.length, 2);
  });

  it('older than the last hand-over by more than clocks may differ are stale', async () => {
    const { take } = scene({ topology: TOPOLOGY, lastStartedAtMs: 900_000 });
    assert.deepEqual(await take({ ...late, atMs: 897_000 }), ['stale']);
    assert.deepEqual(await take({ ...late, atMs: 899_000 }), ['switched']);
  });

  it('from a clock that is ahead do not silence those that come after', async () => {
    const { take } = scene();
    assert.deepEqual(await take({ ...early, atMs: 9_000_000 }), ['foreseen']);
    assert.deepEqual(await take({ ...late, atMs: 1_000_001 }), ['switched']);
  });

  it('that cannot be used are counted by what was wrong with them', async () => {
    const { take, passOver, metrics, done } = scene();
    const results = await take(
      { ...early, device: { kind: 'gpsi', value: 'msisdn-2' } },
      { ...early, device: { kind: 'gpsi', value: 'msisdn-9' } },
      { ...early, target: 'dnai-c' },
      { ...early, phase: 'gone' },
    );
    await passOver(2);
    assert.deepEqual(results, ['unknown-device', 'unknown-vehicle', 'unknown-place', 'left']);
    assert.deepEqual(done, []);
    const text = await metrics.text();
    for (const [result, count] of [...results.map(result => [result, 1] as const), ['passed-over', 2] as const])
      assert.match(text, new RegExp(`manager_trigger_total{origin="smf",result="${result}"} ${count}`));
  });
});
