import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { Outbox } from '../../../../device/uplink/outbox.js';
import type { Stamp } from '../../../../device/clock/time-base.js';
import { isProof, proofOf } from '../../../../protocol/proof.js';
import { decodeReport, META } from '../../../../protocol/report.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { seededRandom } from '../../../../lab/seeded-random.js';
import { tearingDisk } from '../../../fakes/tearing-disk.js';

const KEY = '000102030405060708090a0b0c0d0e0f';

async function scene(proves: boolean) {
  const clock = fakeClock();
  let stamp: Stamp | undefined;
  const outbox = await Outbox.open({
    disk: tearingDisk(seededRandom(1)),
    vehicle: 'car-1',
    ...(proves ? { prove: id => proofOf(KEY, id) } : {}),
    nextBoot: highest => Promise.resolve(highest + 1),
    stamp: () => stamp,
    estimate: () => ({ offsetMs: clock.nowMs() - clock.monotonicMs(), clock: 'estimated' }),
    trustedMs: () => clock.nowMs(),
    maxAgeMs: 30 * 86_400_000,
    maxBytes: 1_000_000,
    syncMs: 200,
    clock,
    timers: clock,
    log: silentLog,
  });
  const sent: Uint8Array[] = [];
  outbox.listen({
    onSendable: reports => sent.push(...reports.map(({ bytes }) => bytes)),
    onDropped: () => undefined,
  });
  const add = (): void => void outbox.add([{ name: 'spd', value: 50, monoMs: clock.monotonicMs() }]);
  const trust = (): Stamp => (stamp = { offsetMs: clock.nowMs() - clock.monotonicMs(), clock: 'gps' });
  return { clock, outbox, sent, add, trust };
}

describe('outbox of a device that proves who it is', () => {
  it('puts a proof of its own number into every report, also into one that waited for the clock, and a declared gap', async () => {
    const { clock, outbox, sent, add, trust } = await scene(true);
    add();
    add();
    await clock.advance(1_000);
    outbox.release(trust());
    add();
    await clock.advance(1_000);
    outbox.reject({ boot: 1, seq: 2 });
    await clock.advance(1_000);
    const reports = sent.map(decodeReport);
    assert.deepEqual(reports.map(({ seq }) => seq).sort(), [1, 2, 3, 4]);
    for (const report of reports) {
      const proofs = report.samples.filter(({ name }) => name === META.proof);
      assert.equal(proofs.length, 1);
      assert.ok(isProof(KEY, report, proofs[0]!.value), `report ${report.seq}`);
    }
    assert.ok(reports.some(({ samples }) => samples.some(({ name }) => name === META.gap)));
  });

  it('puts none into any where it is not asked to', async () => {
    const { clock, sent, add, trust } = await scene(false);
    trust();
    add();
    await clock.advance(1_000);
    assert.deepEqual(
      decodeReport(sent[0]!).samples.map(({ name }) => name),
      [META.boot, 'spd'],
    );
  });
});
