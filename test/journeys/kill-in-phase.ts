import assert from 'node:assert/strict';
import type { Phase } from '../../protocol/api/common.js';
import { openGate, type Gate } from '../../lab/proxy/gate.js';
import { Journey, openHostsGate } from './harness.js';

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

export type Victim = 'md-manager' | 'sdn-app' | 'target host';

/** One system; in each phase of one hand-over after the other the victim is killed by SIGKILL, and all of it must heal. */
export function killsInEachPhase(victim: Victim): void {
  describe(`kill -9 of the ${victim} in each phase of a hand-over`, () => {
    let journey: Journey;
    const gates = new Map<string, Gate>();

    before(async () => {
      journey = await Journey.open({
        via: async (_block, urls) => {
          gates.set('hosts', await openHostsGate());
          gates.set('sdn', await openGate({ upstream: urls.sdn }));
          gates.set('manager', await openGate({ upstream: urls.manager }));
          return { hosts: gates.get('hosts')!.url, sdn: gates.get('sdn')!.url, manager: gates.get('manager')!.url };
        },
      });
      await journey.moveTo(0, 'edge-1');
      await journey.actsIn(0, 'edge-1');
    });

    after(async () => {
      await journey?.[Symbol.asyncDispose]();
      for (const gate of gates.values()) await gate[Symbol.asyncDispose]();
    });

    let from = 'edge-1';
    for (const { phase, gate, method, path } of HELD) {
      it(`${phase}: while the reply to ${method} ${path.source} is on its way`, async () => {
        const to = from === 'edge-1' ? 'edge-2' : 'edge-1';
        const before = new Set(
          (await journey.pools())
            .filter(({ domain }) => domain === to)
            .flatMap(({ hosts }) => hosts.map(({ pid }) => pid)),
        );
        const held = gates.get(gate)!.hold({ method, path });
        await journey.moveTo(0, to);
        await held.arrived;
        const inFlight = (await journey.handovers()).find(({ result }) => result === 'running')?.id;
        await kill(victim, journey, to, before);
        held.release();
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
      const outcome = await journey.endsClean();
      assert.equal(outcome.handovers.failed, 0);
    });
  });
}

async function kill(victim: Victim, journey: Journey, domain: string, pids: ReadonlySet<number>): Promise<void> {
  if (victim !== 'target host') {
    const restarted = journey.system.supervisor.restarted(victim);
    assert.ok(journey.system.supervisor.kill(victim, 'SIGKILL'));
    await restarted;
    return;
  }
  const target = (await journey.pools())
    .filter(pool => pool.domain === domain)
    .flatMap(({ hosts }) => hosts)
    .find(({ pid, slots }) => pids.has(pid) && slots.some(({ vehicle }) => vehicle === 'car-1'));
  // The slot may be free again in the last phase: then there is no target to kill any more but the serving host.
  if (target !== undefined) process.kill(target.pid, 'SIGKILL');
}
