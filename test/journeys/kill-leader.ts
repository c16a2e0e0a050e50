import { openGate, type Hold, type Matcher } from '../../lab/proxy/gate.js';
import type { SystemOptions } from '../../lab/demo/system.js';
import { leader } from '../../protocol/api/md-manager.js';
import type { AnyGate, Stage } from './kill-in-phase.js';
import { Journey, NOTHING_ARMED, openHostsGate } from './harness.js';

/** `ended`: told to stop, as in a restart in order. */
export type LeaderFault = 'killed' | 'stopped' | 'ended';

const SIGNALS = { killed: 'SIGKILL', stopped: 'SIGSTOP', ended: 'SIGTERM' } as const;

/**
 * Two md-managers, of which the one that leads is killed, restarted in order, or stopped for longer than its lease and then let go on: the
 * faults in turn.
 */
export const twoManagers = (
  faults: readonly [LeaderFault, ...LeaderFault[]],
  way: 'manager' | 'armed' = 'manager',
  more: () => Promise<Partial<SystemOptions>> = () => Promise.resolve({}),
): Stage => {
  let turn = 0;
  return {
    open: async gates =>
      Journey.open({
        ...(await more()),
        managers: 2,
        via: async (_block, urls) => {
          const hosts = await openHostsGate();
          const sdn = await openGate({ upstream: urls.sdn });
          const first = await openGate({ upstream: urls.manager });
          const second = await openGate({ upstream: urls.standby ?? '' });
          gates.set('hosts', hosts).set('sdn', sdn).set('manager', either(first, second));
          return { hosts: hosts.url, sdn: sdn.url, manager: `${first.url},${second.url}` };
        },
        ...(way === 'manager' ? { extra: { ...NOTHING_ARMED, 'md-manager-2': NOTHING_ARMED['md-manager'] } } : {}),
      }),
    kill: journey => {
      if (!(journey instanceof Journey)) throw new Error('two managers are on the embedded network');
      return loseLeader(journey, faults[turn++ % faults.length] ?? faults[0]);
    },
  };
};

/** A hold on whichever of two gates the request comes through. */
const either = (first: AnyGate, second: AnyGate): AnyGate => ({
  url: first.url,
  hold: async (matcher: Matcher): Promise<Hold> => {
    const holds = await Promise.all([first.hold(matcher), second.hold(matcher)]);
    return {
      arrived: Promise.race(holds.map(hold => hold.arrived)),
      release: () => holds.forEach(hold => hold.release()),
      drop: () => holds.forEach(hold => hold.drop()),
    };
  },
  async [Symbol.asyncDispose]() {
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
  },
});

/** The part that leads, and its term. */
export async function leadingPart({
  manager,
  system,
}: Journey): Promise<{ readonly part: string; readonly term: number }> {
  const { url, term } = await manager.call('GET', '/v1/leader', { answer: leader, timeoutMs: 1_000 });
  const [first] = (system.plan.via.manager ?? system.urls.manager).split(',');
  return { part: url === first ? 'md-manager' : 'md-manager-2', term };
}

/** Resolves once another one leads, and the one that did is there again, under it. */
export async function loseLeader(journey: Journey, fault: LeaderFault): Promise<void> {
  const { supervisor } = journey.system;
  const { part, term } = await leadingPart(journey);
  const restarted = fault === 'stopped' ? undefined : supervisor.restarted(part);
  supervisor.kill(part, SIGNALS[fault]);
  await journey.until('another one leads', async () => {
    try {
      return (await leadingPart(journey)).term > term;
    } catch (error) {
      if (error instanceof Error) return false; // nobody leads yet, or it does not answer
      throw error;
    }
  });
  if (fault === 'stopped') supervisor.kill(part, 'SIGCONT');
  await restarted;
}
