import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Network } from '../../../lab/netns/network.js';
import type { OpenVSwitch } from '../../../lab/open-vswitch/open-vswitch.js';

/** A table that nobody has flows in: what is added there is seen after everything before it. */
const MARK_TABLE = 250;

export interface FlowChanges {
  /** What was added, deleted or changed since it was opened, by anybody, also where it was the same again; then it ends. */
  all(): Promise<string[]>;
}

/** Hears of every change of a switch's flows from now on (`ovs-ofctl monitor`); ends with the network at the latest. */
export async function openFlowChanges(network: Network, openVSwitch: OpenVSwitch): Promise<FlowChanges> {
  const { folder, bridge, datapath } = openVSwitch;
  const control = `--unixctl=${folder}/monitor.ctl`;
  const argv = ['ovs-ofctl', '-O', 'OpenFlow13', control, 'monitor', `unix:${folder}/${bridge}.mgmt`, 'watch:'];
  const child = network.exec(`sw-${datapath}`, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  assert.ok(child.stdout && child.stderr);
  const changes: string[] = [];
  const marked = new Promise<void>(resolve => {
    assert.ok(child.stderr);
    // the flows that there are come on its output, what changes on the other one
    createInterface({ input: child.stderr }).on('line', line => {
      if (!line.includes('event=')) return;
      if (line.includes(` table=${MARK_TABLE} `)) resolve();
      else changes.push(line.trim());
    });
  });
  await once(createInterface({ input: child.stdout }), 'line');
  return {
    async all() {
      await openVSwitch.addFlows([`table=${MARK_TABLE},priority=1,actions=drop`]);
      await marked;
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
      await openVSwitch.ofctl('del-flows', `table=${MARK_TABLE}`);
      return changes;
    },
  };
}
