import assert from 'node:assert/strict';
import { Resources } from '../../../common/lifecycle.js';
import type { LogFields } from '../../../common/log.js';
import { sdnAppConfig } from '../../../sdn-app/config.js';
import { openSwitches } from '../../../sdn-app/open-switches.js';
import { fakeClock } from '../../fakes/fake-clock.js';
import { sdnMetrics } from '../../fakes/sdn-network.js';
import { TWO_SWITCHES } from '../../fakes/sdn-world.js';

describe('switches of the settings that nobody answers for', () => {
  // no port of a lab is that low
  const nobody = '127.0.0.1:1';

  async function linesOf(...argv: readonly string[]): Promise<LogFields[]> {
    const lines: LogFields[] = [];
    const say = (fields: LogFields): void => void lines.push(fields);
    const log = { debug: say, info: say, warn: say, error: say };
    const clock = fakeClock();
    const config = sdnAppConfig({ argv: ['--topology', 'none', ...argv], env: {} });
    await using open = new Resources();
    const switches = openSwitches(config, TWO_SWITCHES, open, { log, metrics: sdnMetrics(), timers: clock });
    assert.deepEqual(
      switches.map(({ datapath }) => datapath),
      [1, 2],
    );
    await clock.advance(1_000);
    return lines;
  }

  const away = (datapath: number, url: string): LogFields => ({ event: 'sdn.switch-away', datapath, url });

  it('are named with the address of their control channel', async () => {
    assert.deepEqual(await linesOf('--switch-control', `${nobody},127.0.0.1:2`), [
      away(1, 'tcp://127.0.0.1:1'),
      away(2, 'tcp://127.0.0.1:2'),
    ]);
  });

  it('are named with where OpenFlow was to reach them', async () => {
    assert.deepEqual(
      await linesOf('--switch-kind', 'openflow', '--switch-openflow-switches', `${nobody},127.0.0.1:2`),
      [
        away(1, 'openflow://127.0.0.1:1,openflow://127.0.0.1:2'),
        away(2, 'openflow://127.0.0.1:1,openflow://127.0.0.1:2'),
      ],
    );
  });

  it('are to be reached somehow by OpenFlow', async () => {
    await assert.rejects(linesOf('--switch-kind', 'openflow'), { code: 'CONFIG_INVALID' });
  });

  for (const app of ['present', 'absent'])
    it(`are named with the URL of Ryu, its app ${app}`, async () => {
      const url = `ws://${nobody}`;
      const lines = await linesOf('--switch-kind', 'ryu', '--switch-ryu-url', url, '--switch-ryu-app', app);
      assert.deepEqual(lines, [away(1, url), away(2, url)]);
    });
});
