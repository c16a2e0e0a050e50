import assert from 'node:assert/strict';
import type { Phase } from '../../protocol/api/common.js';
import { openGate, type Hold, type Matcher } from '../../lab/proxy/gate.js';
import { Journey, NOTHING_ARMED, armedFor, openHostsGate, type SystemUnderTest } from './harness.js';

/** What goes through which gate at a phase: its reply is held while the victim is killed, then let go. */
const HELD: readonly {
  readonly phase: Phase;
  readonly gate: 'hosts' | 'sdn' | 'manager';
  readonly method: string;
  readonly path: RegExp;
}[] = [
  { phase: 'initiated', gate: 'manager', method: 'POST', path: /^\/v1\/attachments$/ },
  { phase: 'prepared', gate: 'hosts', method: 'POST', path: /\/prepare$/ },
  { phase: 'redirected', gate: 'sdn', method: 'PUT', path: /\/redirect$/ },
  { phase: 'activated', gate: 'hosts', method: 'POST', path: /\/drain$/ },
  { phase: 'activated', gate: 'hosts', method: 'POST', path: /\/activate$/ },
  { phase: 'completed', gate: 'sdn', method: 'POST', path: /\/retire$/ },
  { phase: 'completed', gate: 'hosts', method: 'POST', path: /\/release$/ },
];

type GateName = (typeof HELD)[number]['gate'];
/** A gate between two services, wherever it is. */
export type AnyGate = AsyncDisposable & { readonly url: string; hold(matcher: Matcher): Hold | Promise<Hold> };
export type Gates = ReadonlyMap<GateName, AnyGate>;

/** A system with its gates, and how one thing of it is killed; resolves once that has been started again. */
export interface Stage {
  open(gates: Map<GateName, AnyGate>): Promise<SystemUnderTest>;
  kill(journey: SystemUnderTest, domain: string, pids: ReadonlySet<number>): Promise<void>;
}

const embedded = (victim: 'md-manager' | 'sdn-app' | 'target host', way: 'manager' | 'armed'): Stage => ({
  open: gates =>
    Journey.open({
      ...(way === 'manager' ? { extra: NOTHING_ARMED } : {}),
      via: async (_block, urls) => {
        const hosts = await openHostsGate();
        const sdn = await openGate({ upstream: urls.sdn });
        const manager = await openGate({ upstream: urls.manager });
        gates.set('hosts', hosts).set('sdn', sdn).set('manager', manager);
        return { hosts: hosts.url, sdn: sdn.url, manager: manager.url };
      },
    }),
  kill: (journey, domain, pids) =>
    victim === 'target host' ? killTarget(journey, domain, pids) : killPart(journey, victim),
});

/** On the embedded network. */
export const killsInEachPhase = (victim: 'md-manager' | 'sdn-app' | 'target host'): void =>
  killsOnStage(victim, embedded(victim, 'manager'));

/** The same where the flow goes to a standby slot with the first frame: what is left are the phases after the swap. */
export const killsInEachArmedPhase = (victim: 'md-manager' | 'sdn-app'): void =>
  killsOnStage(`${victim}, slots being armed,`, embedded(victim, 'armed'), 'armed');

/** Every reply that can be held, the first one of each phase, or that of some phases. */
type Holds = 'all' | 'one a phase' | readonly Phase[];

/**
 * One system; in each phase of one hand-over after the other the victim is killed by SIGKILL, and all of it must heal. `holds`:
 * every reply that can be held, or the first one of each phase.
 */
export function killsOnStage(
  victim: string,
  stage: Stage,
  way: 'manager' | 'armed' = 'manager',
  holds: Holds = 'all',
): void {
  faultsOnStage(`kill -9 of the ${victim} in each phase of a hand-over`, stage, way, holds);
}

/** The same with another fault than a kill. */
export function faultsOnStage(
  title: string,
  stage: Stage,
  way: 'manager' | 'armed' = 'manager',
  holds: Holds = 'all',
): void {
  describe(title, () => {
    let journey: SystemUnderTest;
    const gates = new Map<GateName, AnyGate>();

    before(async () => {
      journey = await stage.open(gates);
      await journey.moveTo(0, 'edge-1');
      await journey.actsIn(0, 'edge-1');
    });

    after(async () => {
      await journey?.[Symbol.asyncDispose]();
      for (const gate of gates.values()) await gate[Symbol.asyncDispose]();
    });

    let from = 'edge-1';
    const held = HELD.filter(({ phase }) => way === 'manager' || (phase !== 'prepared' && phase !== 'redirected'))
      .filter(({ phase }, index, all) => holds === 'all' || all.findIndex(one => one.phase === phase) === index)
      .filter(({ phase }) => typeof holds === 'string' || holds.includes(phase));
    for (const { phase, gate, method, path } of held) {
      it(`${phase}: while the reply to ${method} ${path.source} is on its way`, async () => {
        const to = from === 'edge-1' ? 'edge-2' : 'edge-1';
        const before = new Set(
          (await journey.pools())
            .filter(({ domain }) => domain === to)
            .flatMap(({ hosts }) => hosts.map(({ pid }) => pid)),
        );
        if (way === 'armed') await armedFor(journey, 0, to);
        const hold = await gates.get(gate)!.hold({ method, path });
        await journey.moveTo(0, to);
        await hold.arrived;
        const inFlight = (await journey.handovers()).find(({ result }) => result === 'running')?.id;
        await stage.kill(journey, to, before);
        hold.release();
        await journey.actsIn(0, to);
        await journey.acknowledges(0);
        // Continued, not merely begun anew: the hand-over that was in flight comes to its end under its own id, unless it
        // died before its intent was durable: then nothing knows of it any more, and another one did its work.
        const ended = await journey.until(`${inFlight} ends`, async () => {
          const record = (await journey.handovers()).find(({ id }) => id === inFlight);
          return record === undefined ? ('unknown' as const) : record.result !== 'running' && record.result;
        });
        const mayBeUnknown = inFlight === undefined || phase === 'initiated' || phase === 'prepared';
        assert.ok(ended === 'completed' || (mayBeUnknown && ended === 'unknown'), ended);
        from = to;
      });
    }

    it('and nothing is lost, doubled or left over', async () => {
      const moves = (await journey.handovers()).filter(({ kind, result }) => kind === 'move' && result === 'completed');
      assert.equal(
        moves.some(record => record.way === 'armed'),
        way === 'armed',
      );
      const outcome = await journey.endsClean();
      assert.equal(outcome.handovers.failed, 0);
    });
  });
}

/** Kills a part by its name and waits until it is ready again. */
export async function killPart({ system: { supervisor } }: SystemUnderTest, name: string): Promise<void> {
  const restarted = supervisor.restarted(name);
  assert.ok(supervisor.kill(name, 'SIGKILL'));
  await restarted;
}

async function killTarget(journey: SystemUnderTest, domain: string, pids: ReadonlySet<number>): Promise<void> {
  const target = (await journey.pools())
    .filter(pool => pool.domain === domain)
    .flatMap(({ hosts }) => hosts)
    .find(({ pid, slots }) => pids.has(pid) && slots.some(({ vehicle }) => vehicle === 'car-1'));
  // The slot may be free again in the last phase: then there is no target to kill any more but the serving host.
  if (target !== undefined) process.kill(target.pid, 'SIGKILL');
}
