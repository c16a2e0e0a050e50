import assert from 'node:assert/strict';
import { loadConfig } from '../../../common/config.js';
import { policyOf, SETTINGS, type ManagerConfig } from '../../../md-manager/config.js';

const config = (...argv: string[]): ManagerConfig =>
  loadConfig(SETTINGS, { argv: ['--sdn-url', 'http://127.0.0.1:1', '--hosts-from', '127.96.0.0', ...argv], env: {} });
const MAP = ['--topology', 'map.yaml'];

describe('settings of pools', () => {
  it('have one quota for all domains, or one for each that differs', () => {
    assert.equal(config()['pool.maxHosts']('edge-1'), 32);
    const some = config('--pool-max-hosts', 'edge-1=4,*=7')['pool.maxHosts'];
    assert.deepEqual([some('edge-1'), some('core')], [4, 7]);
    assert.throws(() => config('--pool-max-hosts', 'edge-1=4'), { code: 'CONFIG_INVALID', message: /\*=NUMBER/ });
    assert.throws(() => config('--pool-max-hosts', '*=many'), { code: 'CONFIG_INVALID' });
  });

  it('size pools by forecasts where vehicles are armed by them, on a map', () => {
    const words = ['--pool-policy', 'prediction', '--pool-twins-per-host', '2', '--pool-max-hosts', 'core=1,*=5'];
    assert.deepEqual(policyOf(config(...words, ...MAP, '--arming-by', 'prediction')), {
      kind: 'prediction',
      mostSlots: 10,
    });
    assert.throws(() => policyOf(config(...words, ...MAP)), {
      code: 'CONFIG_INVALID',
      message: /arming\.by=prediction/,
    });
  });

  it('arm by forecasts on a map alone', () => {
    for (const words of [[], [...MAP, '--arming-enabled', 'false']])
      assert.throws(() => policyOf(config('--arming-by', 'prediction', ...words)), {
        code: 'CONFIG_INVALID',
        message: /topology/,
      });
    assert.deepEqual(policyOf(config('--arming-by', 'prediction', ...MAP)), { kind: 'fixed' });
  });
});
