import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { sdnNames, type Controller } from '../../../lab/site/parts.js';
import { openFlowChanges } from './flow-changes.js';
import { SiteJourney, needsSite } from './harness.js';

/** The same faults, whatever the switch is controlled by. */
export function controllerFaults(controller: Controller): void {
  describe(`faults of the controller and of the switch: ${controller}`, () => {
    before(needsSite);
    let journey: SiteJourney;
    before(async () => {
      journey = await SiteJourney.open({ controller, links: { 'control:1': {} }, sdnApps: 2 });
      await journey.actsIn(0, 'edge-1');
    });
    after(() => journey?.[Symbol.asyncDispose]());

    const hang = async (pid: number, act: () => Promise<unknown>): Promise<void> => {
      process.kill(pid, 'SIGSTOP');
      try {
        await act();
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    };
    const pidOf = (name: string): number => journey.system.supervisor.state(name)?.pid ?? assert.fail(`no ${name}`);
    const active = async (): Promise<string> =>
      journey.until('an sdn-app is active', async () => {
        for (const name of sdnNames(journey.system.plan))
          if ((await journey.standing(name))?.at === 'active') return name;
        return undefined;
      });

    if (controller === 'ryu')
      it('Ryu hangs: reports go on, also of a car that moves; its twin follows when it is back', async () => {
        await hang(pythonOf(pidOf('ryu')), async () => {
          await journey.acknowledges(0);
          await journey.moveTo(0, 'edge-2');
          await journey.acknowledges(0);
        });
        await journey.actsIn(0, 'edge-2');
        await journey.acknowledges(0);
      });
    else
      it('the active sdn-app hangs, the controller with it: the stand-by takes over, and it stands down afterwards', async () => {
        await hang(pidOf('sdn-app'), async () => {
          await journey.acknowledges(0);
          await journey.moveTo(0, 'edge-2');
          await journey.actsIn(0, 'edge-2');
          await journey.acknowledges(0);
        });
        await journey.until(
          'it stands by',
          async () => (await journey.standing('sdn-app'))?.at === 'standby' && (await active()) === 'sdn-app-2',
        );
        await journey.acknowledges(0);
      });

    it('the line between controller and switch is cut: cars are served as before, also those that move', async () => {
      await journey.system.network.setLink('control:1', { up: false });
      await journey.acknowledges(0);
      await journey.moveTo(0, 'edge-1');
      await journey.acknowledges(0);
      await journey.system.network.setLink('control:1', { up: true });
      await journey.actsIn(0, 'edge-1');
      await journey.acknowledges(0);
    });

    it('the switch is restarted and empty: it gets its flows again', async () => {
      await journey.openVSwitch.kill();
      await journey.openVSwitch.restart();
      await journey.acknowledges(0);
      await journey.moveTo(0, 'edge-2');
      await journey.actsIn(0, 'edge-2');
    });

    it('the active sdn-app is killed for good: the stand-by takes over, and touches no flow', async () => {
      const gone = await active();
      const changes = await openFlowChanges(journey.system.network, journey.openVSwitch);
      const { supervisor } = journey.system;
      supervisor.kill(gone, 'SIGKILL');
      await supervisor.stop(gone);
      await journey.until('the switch is reconciled', async () => {
        const name = await active();
        const { switches = [] } = (await journey.standing(name)) ?? {};
        return name !== gone && switches.length > 0 && switches.every(({ reconciled }) => reconciled);
      });
      assert.deepEqual(await changes.all(), []);
      await journey.acknowledges(0);
      await journey.moveTo(0, 'edge-1');
      await journey.actsIn(0, 'edge-1');
      await journey.acknowledges(0);
    });

    it('and nothing is lost, doubled or left over', async () => {
      const outcome = await journey.endsClean();
      assert.equal(outcome.handovers.failed, 0);
    });
  });
}

/** The process of Python that `edgetwin ryu` has started. */
function pythonOf(parent: number): number {
  const [child] = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').map(Number);
  assert.ok(child);
  return child;
}
