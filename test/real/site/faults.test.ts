import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { SiteJourney, needsSite } from './harness.js';

describe('faults of the controller and of the switch', () => {
  before(needsSite);
  let journey: SiteJourney;
  before(async () => {
    journey = await SiteJourney.open({ links: { 'control:1': {} }, sdnApps: 2 });
    await journey.actsIn(0, 'edge-1');
  });
  after(() => journey?.[Symbol.asyncDispose]());

  it('a controller that hangs: reports go on, also of a car that moves; its twin follows when it is back', async () => {
    const pid = controllerOf(journey);
    process.kill(pid, 'SIGSTOP');
    try {
      await journey.acknowledges(0);
      await journey.moveTo(0, 'edge-2');
      await journey.acknowledges(0);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await journey.actsIn(0, 'edge-2');
    await journey.acknowledges(0);
  });

  it('the line between controller and switch is cut: the same', async () => {
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

  it('the active sdn-app goes for good: the stand-by takes over', async () => {
    await journey.system.supervisor.stop('sdn-app');
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

/** The Python process of the first Ryu, whose parent is `edgetwin ryu`; the first sdn-app where that is its own controller. */
function controllerOf(journey: SiteJourney): number {
  const { supervisor, plan } = journey.system;
  const parent = supervisor.state(plan.controller === 'ryu' ? 'ryu' : 'sdn-app')?.pid;
  assert.ok(parent);
  if (plan.controller !== 'ryu') return parent;
  const [child] = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').map(Number);
  assert.ok(child);
  return child;
}
