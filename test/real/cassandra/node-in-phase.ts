import { NOTHING_ARMED } from '../../journeys/harness.js';
import { faultsOnStage } from '../../journeys/kill-in-phase.js';
import { openStage, storesAgree, type Stage } from './harness.js';
import { needsCluster } from './shared-cluster.js';

/** Resolved once the node is as before. */
export interface Healing {
  readonly healed: Promise<void>;
}

/** One system; in each phase of one hand-over after the other something happens to a node, and all of it must heal. */
export function nodeFaultsInEachPhase(
  title: string,
  fault: (stage: Stage, to: string) => Promise<Healing>,
  holds: 'all' | 'one a phase',
): void {
  describe(title, () => {
    let stage: Stage | undefined;
    let healing: Healing | undefined;
    before(needsCluster);

    faultsOnStage(
      'in each phase of a hand-over',
      {
        async open(gates) {
          stage = await openStage({ extra: NOTHING_ARMED });
          for (const [name, gate] of stage.gates) gates.set(name, gate);
          return stage.journey;
        },
        // The reply goes on while the node is still away: that is what the fault is about.
        async kill(_journey, to) {
          await healing?.healed;
          healing = await fault(stage!, to);
        },
      },
      'manager',
      holds,
    );

    describe('and afterwards', () => {
      it('all domains have the same reports', async () => {
        await healing?.healed;
        await storesAgree(stage!);
      });
    });
  });
}

/** kill -9 of the node of the domain that the car enters; it is started again at once. */
export async function killOfTargetNode({ cluster }: Stage, to: string): Promise<Healing> {
  const node = cluster.node(to);
  await node.kill();
  return { healed: node.restart() };
}

/** The same of the node that md-manager asks. */
export function killOfManagersNode(stage: Stage): Promise<Healing> {
  return killOfTargetNode(stage, 'core');
}

/** SIGSTOP of the node that md-manager asks: its connections stay open and nothing answers. */
export function pauseOfManagersNode({ cluster, journey }: Stage): Promise<Healing> {
  const node = cluster.node('core');
  node.pause();
  const healed = (async () => {
    // Long enough for a claim to run out of time, whose outcome is then unknown.
    const first = (await journey.watch.agents())[0]?.acknowledged ?? 0;
    await journey.until('reports are acknowledged meanwhile', async () => {
      return ((await journey.watch.agents())[0]?.acknowledged ?? 0) >= first + REPORTS_WHILE_PAUSED;
    });
    node.resume();
    await cluster.settled();
  })();
  return Promise.resolve({ healed });
}

/** At two a second. */
const REPORTS_WHILE_PAUSED = 6;
