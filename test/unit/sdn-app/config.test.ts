import assert from 'node:assert/strict';
import { planOf, sdnAppConfig } from '../../../sdn-app/config.js';

describe('settings of sdn-app', () => {
  it('need nothing but a topology', () => {
    const config = sdnAppConfig({ argv: ['--topology', 't.yaml'], env: {} });
    assert.deepEqual(
      [config.straggleMs, config['network.trust'], config['switch.control'][0]?.port],
      [50, 'lab', 7004],
    );
  });

  it('name every fault at once', () =>
    assert.throws(
      () =>
        sdnAppConfig({
          argv: ['--switch-datapath', '16', '--network-trust', 'none', '--network-twin-prefix', 'x'],
          env: {},
        }),
      {
        code: 'CONFIG_INVALID',
        message: /topology is required.*datapath must be.*trust must be.*twinPrefix must be an IPv4/,
      },
    ));

  it('refuse prefixes that addresses cannot be made from', () => {
    const planFrom = (...prefixes: readonly string[]) =>
      planOf(sdnAppConfig({ argv: ['--topology', 't.yaml', ...prefixes], env: {} }));
    assert.throws(() => planFrom('--network-twin-prefix', '10.64.0.1'), {
      code: 'CONFIG_INVALID',
      message: /twinPrefix must be the first address of a \/12, not '10.64.0.1'/,
    });
    assert.throws(() => planFrom('--network-twin-prefix', '10.80.0.0', '--network-alias-prefix', '10.80.0.0'), {
      code: 'CONFIG_INVALID',
      message: /the same prefix/,
    });
    assert.equal(planFrom('--network-twin-prefix', '10.80.0.0').twinPrefix, '10.80.0.0');
  });
});
