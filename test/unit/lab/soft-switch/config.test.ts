import assert from 'node:assert/strict';
import { labSwitchConfig } from '../../../../lab/soft-switch/config.js';

const config = (trunks: string): ReturnType<typeof labSwitchConfig> =>
  labSwitchConfig({ argv: ['--topology', 'x.yaml', '--trunks', trunks], env: {} });

describe('settings of the soft switch', () => {
  it('name the switch at the other end of each trunk', () => {
    assert.deepEqual(config('20=127.0.0.1:7003,21=127.0.0.2:7003').trunks, [
      [20, { address: '127.0.0.1', port: 7003 }],
      [21, { address: '127.0.0.2', port: 7003 }],
    ]);
    assert.deepEqual(config('').trunks, []);
  });

  for (const wrong of ['127.0.0.1:7003', '0=127.0.0.1:7003', '20=127.0.0.1', 'x=127.0.0.1:7003'])
    it(`do not take ${wrong} for a trunk`, () => assert.throws(() => config(wrong), { code: 'CONFIG_INVALID' }));
});
