import assert from 'node:assert/strict';
import { addressOf, nsRecordOf, operationOf, tokenOf, vimsOf } from '../../../../../md-manager/mano/osm/records.js';

const RECORD = { id: 'op', nsInstanceId: 'ns', lcmOperationType: 'instantiate', startTime: 1_795_230_592.36 };
const operation = (more: object) => operationOf({ ...RECORD, operationState: 'PROCESSING', ...more });

describe('what records of an operation say', () => {
  it('is one of seven states, of which two go on and five are final', () => {
    const outcomes = [
      ['PROCESSING', 'going-on'],
      ['ROLLING_BACK', 'going-on'],
      ['COMPLETED', 'done'],
      ['PARTIALLY_COMPLETED', 'done'],
      ['FAILED_TEMP', 'failed'],
      ['FAILED', 'failed'],
      ['ROLLED_BACK', 'failed'],
    ];
    for (const [operationState, outcome] of outcomes)
      assert.equal(operation({ operationState }).outcome, outcome, operationState);
    assert.throws(() => operation({ operationState: 'FINISHED' }));
  });

  it('is the same in both spellings, older and later releases', () => {
    const words = 'No valid host was found';
    const spellings = [
      { 'detailed-status': words },
      { detailedStatus: words, stage: null, errorMessage: null },
      { errorMessage: words, detailedStatus: null, 'detailed-status': 'less' },
      { stage: ['', words, ''], 'detailed-status': '' },
    ];
    for (const spelling of spellings) assert.equal(operation(spelling).detail, words, JSON.stringify(spelling));
    assert.equal(operation({ stage: null, detailedStatus: null }).detail, '');
    assert.deepEqual(
      ['instantiate', 'INSTANTIATE'].map(lcmOperationType => operation({ lcmOperationType }).kind),
      ['instantiate', 'instantiate'],
    );
    assert.equal(operation({}).startedAtMs, 1_795_230_592_360);
  });
});

describe('what other records say', () => {
  it('is that a service is ready when it runs and is configured, and no sooner', () => {
    const states = [
      ['running', 'configured', true, false],
      ['running', 'init', false, false],
      ['init', 'configured', false, false],
      ['failed', 'init', false, true],
      ['running', 'failed', false, true],
    ] as const;
    for (const [operational, config, ready, failed] of states) {
      const record = nsRecordOf({
        ...{ _id: 'ns', name: 'n', 'operational-status': operational, 'config-status': config },
        _admin: { nsState: 'INSTANTIATED' },
      });
      assert.deepEqual([record.ready, record.failed, record.instantiated], [ready, failed, true]);
    }
  });

  it('is no token where another password is asked for', () => {
    assert.equal(tokenOf({ id: 'x', message: 'change_password', user_id: 'u' }), undefined);
    assert.deepEqual(tokenOf({ id: 'x', expires: 1_795_233_648.03 }), { id: 'x', expiresMs: 1_795_233_648_030 });
  });

  it('is whether an account may be used; those of releases that do not say so may', () => {
    const vims = vimsOf([
      { _id: '1', name: 'a', _admin: { operationalState: 'PROCESSING' } },
      { _id: '2', name: 'b', _admin: { operationalState: 'ERROR', 'detailed-status': 'no such tenant' } },
      { _id: '3', name: 'c', _admin: {} },
    ]);
    assert.deepEqual(
      vims.map(({ state, detail }) => [state, detail]),
      [
        ['PROCESSING', ''],
        ['ERROR', 'no such tenant'],
        ['ENABLED', ''],
      ],
    );
  });

  it('is the first address of the management interface', () => {
    const of = (vnf: object) => addressOf([{ _id: 'v', 'member-vnf-index-ref': '1', ...vnf }]);
    assert.equal(of({ 'ip-address': '10.0.0.5;fd00::5' }), '10.0.0.5');
    const interfaces = [
      { name: 'data', 'ip-address': '10.1.0.5' },
      { name: 'mgmt', 'ip-address': '10.0.0.6', 'mgmt-vnf': true },
    ];
    assert.equal(of({ 'ip-address': null, vdur: [{ interfaces }] }), '10.0.0.6');
    assert.equal(of({ vdur: [] }), undefined);
  });
});
