import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LOST_AFTER_MS, ReportsLedger } from '../../../../analytics/query/reports-ledger.js';
import { META, encodeBoot, encodeGap, type Report } from '../../../../protocol/report.js';
import type { Sample } from '../../../../protocol/sample.js';

const NOW = Date.UTC(2026, 5, 1);
const reportOf = (boot: number, seq: number, samples: readonly Sample[] = []): Report => ({
  vehicle: 'car-1',
  boot,
  seq,
  timeMs: NOW,
  samples,
});
const meta = (name: string, value: string): Sample => ({ name, value, timeMs: NOW });

describe('the ledger of reports', () => {
  it('counts each (boot, seq) once, however often and in whatever order its row is seen', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 30 }))), ids => {
        const ledger = new ReportsLedger();
        for (const [boot, seq] of [...ids, ...ids.toReversed()]) ledger.add(reportOf(boot, seq));
        const distinct = new Set(ids.map(String)).size;
        const { stored, awaited } = ledger.counts(NOW);
        assert.equal(stored, distinct);
        const highest = [1, 2, 3].map(boot => Math.max(0, ...ids.filter(([b]) => b === boot).map(([, seq]) => seq)));
        assert.equal(
          stored + awaited,
          highest.reduce((a, b) => a + b, 0),
        );
      }),
    );
  });

  it('counts a declared gap as dropped, except for what is stored after all', () => {
    const ledger = new ReportsLedger();
    ledger.add(reportOf(1, 1));
    ledger.add(reportOf(1, 3));
    ledger.add(reportOf(1, 6, [meta(META.gap, encodeGap({ boot: 1, from: 2, to: 4, reason: 'bound' }))]));
    const counts = ledger.counts(NOW);
    assert.deepEqual(counts, { stored: 3, duplicated: 0, dropped: 2, awaited: 1, lost: 0 });
    assert.deepEqual(ledger.boots(NOW)[0]?.awaited, [[5, 5]]);
  });

  it('awaits what the boot before had accepted, as the first report of the next one says', () => {
    const ledger = new ReportsLedger();
    ledger.add(reportOf(1, 1));
    ledger.add(reportOf(2, 1, [meta(META.boot, encodeBoot({ previousBoot: 1, lastAcceptedSeq: 4, clock: 'gps' }))]));
    assert.deepEqual(
      ledger.boots(NOW).map(({ boot, lastAccepted, awaited }) => [boot, lastAccepted, awaited]),
      [
        [2, undefined, []],
        [1, 4, [[2, 4]]],
      ],
    );
  });

  it('calls awaited reports lost only after longer than any outbox needs, and takes it back when they come', () => {
    const ledger = new ReportsLedger();
    ledger.add(reportOf(1, 3));
    assert.equal(ledger.counts(NOW).awaited, 2);
    assert.deepEqual([ledger.counts(NOW + LOST_AFTER_MS).lost, ledger.counts(NOW + LOST_AFTER_MS + 1).lost], [0, 2]);
    ledger.add(reportOf(1, 1));
    ledger.add(reportOf(1, 2));
    assert.equal(ledger.counts(NOW + LOST_AFTER_MS + 2).lost, 0);
  });

  it('names rows that stand twice, once each', () => {
    const ledger = new ReportsLedger();
    ledger.add(reportOf(1, 1));
    ledger.setDuplicated(1, [[1, 1]]);
    ledger.setDuplicated(1, [[1, 1]]);
    assert.equal(ledger.counts(NOW).duplicated, 1);
  });
});
