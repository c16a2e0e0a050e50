import { freePort } from '../../../lab/network/free-port.js';
import { labMissing } from '../../../lab/netns/namespaces.js';
import { openOpenFlow } from '../../../sdn-app/switch/openflow/adapter.js';
import { openRyu, type Ryu } from '../../../sdn-app/switch/ryu/adapter.js';
import { needsSwitches } from './ryu-process.js';
import type { Stage } from './stage.js';

/** What a switch can be reached by, for tests that hold for each. */
export interface ControllerKind {
  readonly name: string;
  /** Skips a suite, and says so, where it is not to be had. */
  readonly needs: (this: Mocha.Context) => void | Promise<void>;
  /** Another controller of the stage's switch. */
  readonly open: (stage: Stage) => Promise<Ryu>;
}

export const CONTROLLERS: readonly ControllerKind[] = [
  {
    name: 'through Ryu',
    needs: needsSwitches,
    async open(stage) {
      const { webPort } = await stage.addRyu();
      return openRyu({ url: `ws://127.0.0.1:${webPort}` });
    },
  },
  {
    name: 'by OpenFlow',
    needs(this: Mocha.Context) {
      const missing = labMissing();
      if (missing === undefined) return;
      console.log(`      (skipped: ${missing})`);
      this.skip();
    },
    async open(stage) {
      const port = await freePort();
      const controller = openOpenFlow({ listen: { address: '127.0.0.1', port } });
      await stage.addController(port);
      return controller;
    },
  },
];
