import assert from 'node:assert/strict';
import { sdnAppConfig } from '../../../sdn-app/config.js';

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
});
