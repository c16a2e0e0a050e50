import assert from 'node:assert/strict';
import { handoverList } from '../../../protocol/api/md-manager.js';
import { Lab } from './lab.js';

/** Hosts of four slots each: enough for all, and for one more each. */
const POOLS = { 'pool-size': 'core=3,edge-1=6,edge-2=6' };

/** What one hand-over by an armed slot asks of the store, of hosts and of sdn-app, among so many vehicles. */
async function workAmong(vehicles: number): Promise<{ store: string[]; commands: string[] }> {
  await using lab = await Lab.open(POOLS);
  await lab.stop();
  await lab.start({ topology: lab.topology, 'tickets-per-domain': '0', ...POOLS });
  const names = Array.from({ length: vehicles }, (_, n) => `car-${n}`);
  await Promise.all(names.map(name => lab.register(name)));
  await Promise.all(names.map(name => lab.armedFrom(name, 'edge-1')));
  // The answer comes once all rows of the hand-overs so far are on disk.
  await lab.api.call('GET', '/v1/handovers', { answer: handoverList });
  lab.storeFaults.calls.length = 0;
  lab.gate.passed.length = 0;
  const change = lab.redirect('car-0', 'edge-2', 'armed');
  await lab.tell(change);
  await lab.ended(change.handover);
  await lab.until(() => Promise.resolve(lab.sdn.arming.get('car-0')?.slots[0]?.domain === 'edge-1'));
  // What goes by the clock, whatever happens, is no part of it.
  const own = (what: readonly string[]): string[] =>
    what.filter(name => name !== 'handover' && name !== 'putServiceLease').sort();
  return { store: own(lab.storeFaults.calls), commands: own(lab.gate.passed) };
}

describe('the work of md-manager for one hand-over', function () {
  this.timeout(120_000);

  it('is bounded, and the same whether there are few other vehicles or many', async () => {
    const few = await workAmong(2);
    const many = await workAmong(8);
    assert.deepEqual(many.commands, few.commands);
    assert.deepEqual(few.commands, ['activate', 'arm', 'drain', 'prepare', 'prepare', 'release', 'retire']);
    const counts = (names: readonly string[]): Record<string, number> =>
      names.reduce<Record<string, number>>((all, name) => ({ ...all, [name]: (all[name] ?? 0) + 1 }), {});
    for (const { store } of [few, many]) {
      const { claim, burnEpoch, putHandover, writeStandbys, ...others } = counts(store);
      assert.deepEqual([claim, others], [1, {}]);
      // In groups: how many rows of later phases go into one write is a matter of time.
      const most = [burnEpoch ?? 0, putHandover ?? 0, writeStandbys ?? 0];
      assert.ok(
        most.every((count, at) => count <= [1, 6, 4][at]!),
        JSON.stringify(counts(store)),
      );
    }
  });
});
