import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { namesOf, readNames } from '../../../../md-manager/triggers/names.js';
import { Triggers } from '../../../../md-manager/triggers/triggers.js';
import { METRICS } from '../../../../protocol/metrics.js';
import type { Sighting } from '../../../../protocol/triggers/sighting.js';

const NAMES = namesOf(
  { vehicles: { 'gpsi:msisdn-1': 'car-1', 'gpsi:msisdn-9': 'car-9' }, domains: { 'dnai-b': 'edge-2' } },
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

describe('news about where vehicles go', () => {
  function taken(...sightings: Sighting[]): { foreseen: string[]; counted: Promise<string> } {
    const foreseen: string[] = [];
    const metrics = new Metrics(METRICS);
    const triggers = new Triggers({
      ...{ names: NAMES, metrics, log: silentLog },
      foresee: (vehicle, domain, reason) => {
        if (vehicle === 'car-9') return false;
        foreseen.push(`${vehicle} ${domain} ${reason}`);
        return true;
      },
    });
    triggers.take({ sightings, passedOver: 2 }, 'smf');
    return { foreseen, counted: metrics.text() };
  }

  it('arm the vehicle where it is about to be, with the reason of it', () => {
    assert.deepEqual(taken(early).foreseen, ['car-1 edge-2 smf early']);
    const entering: Sighting = {
      ...early,
      origin: 'mec-location',
      phase: 'late',
      target: 'edge-1',
      accessPoint: 'ap-3',
    };
    assert.deepEqual(taken(entering).foreseen, ['car-1 edge-1 mec-location late ap-3']);
  });

  it('that cannot be used are counted by what was wrong with them', async () => {
    const { foreseen, counted } = taken(
      { ...early, device: { kind: 'gpsi', value: 'msisdn-2' } },
      { ...early, device: { kind: 'gpsi', value: 'msisdn-9' } },
      { ...early, target: 'dnai-c' },
      { ...early, phase: 'gone' },
    );
    assert.deepEqual(foreseen, []);
    const text = await counted;
    for (const [result, count] of [
      ['unknown-device', 1],
      ['unknown-vehicle', 1],
      ['unknown-place', 1],
      ['left', 1],
      ['passed-over', 2],
    ] as const)
      assert.match(text, new RegExp(`manager_trigger_total{origin="smf",result="${result}"} ${count}`));
  });
});
