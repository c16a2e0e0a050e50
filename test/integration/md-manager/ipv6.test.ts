import assert from 'node:assert/strict';
import { loadConfig } from '../../../common/config.js';
import { SETTINGS, planOf } from '../../../md-manager/config.js';
import { vehicleRecord } from '../../../protocol/api/md-manager.js';
import { NETWORK_PLAN, twinAddress6 } from '../../../protocol/addresses.js';
import { Lab } from './lab.js';

const { twin6 = '', alias6 = '' } = NETWORK_PLAN;
const SIX = { 'plan-twin6': twin6, 'plan-alias6': alias6, 'hosts-from6': 'fded:9e00:0:96::1000' };

describe('a manager of a network with IPv6', function () {
  this.timeout(20_000);

  it('tells a vehicle, and whoever asks for it, its twin address over IPv6 as well', async () => {
    await using lab = await Lab.open(SIX);
    const registered = await lab.register('car-1');
    const expected = { address: twinAddress6(NETWORK_PLAN, registered.number), port: 5683 };
    assert.deepEqual(registered.twin6, expected);
    const record = await lab.api.call('GET', '/v1/vehicles/car-1', { answer: vehicleRecord });
    assert.deepEqual([record.twin, record.twin6], [registered.twin, expected]);
  });

  it('tells it to a vehicle that was registered before the network had any', async () => {
    await using lab = await Lab.open();
    assert.equal((await lab.register('car-1')).twin6, undefined);
    await lab.stop();
    await lab.start(SIX);
    const { number, twin6: found } = await lab.register('car-1');
    assert.equal(found?.address, twinAddress6(NETWORK_PLAN, number));
  });
});

describe('settings of a manager for IPv6', () => {
  const configOf = (flags: Readonly<Record<string, string>>) => {
    const required = {
      'sdn-url': 'http://127.0.0.1:1',
      'control-store': '/x',
      'store-root': '/x',
      'hosts-from': '10.96.0.0',
    };
    const argv = Object.entries({ ...required, ...flags }).flatMap(([name, value]) => [`--${name}`, value]);
    return loadConfig(SETTINGS, { argv, env: {} });
  };

  it('are all there, or none', () => {
    assert.equal(planOf(configOf({})).twin6, undefined);
    assert.equal(planOf(configOf(SIX)).alias6, alias6);
    for (const missing of Object.keys(SIX)) {
      const rest = Object.fromEntries(Object.entries(SIX).filter(([name]) => name !== missing));
      assert.throws(() => planOf(configOf(rest)), { code: 'CONFIG_INVALID' }, missing);
    }
  });

  it('name an address for each domain, or one for all', () => {
    const all = configOf(SIX)['hosts.from6'];
    assert.equal(all?.('edge-7'), 'fded:9e00:0:96::1000');
    const each = configOf({ ...SIX, 'hosts-from6': 'core=fd00:0::0,edge-1=FD00::1000' })['hosts.from6'];
    assert.deepEqual([each?.('core'), each?.('edge-1')], ['fd00::', 'fd00::1000']);
    assert.throws(() => each?.('edge-2'), { code: 'CONFIG_INVALID', message: /hosts\.from6 has no address/ });
    assert.throws(() => configOf({ ...SIX, 'hosts-from6': 'core=10.0.0.0' }), { code: 'CONFIG_INVALID' });
  });
});
