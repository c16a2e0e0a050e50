import assert from 'node:assert/strict';
import { optionFaults, optionsCql, twinTableOptions } from '../../../../../store/cassandra/schema/table-options.js';

const options = (historyTtlDays: number): ReturnType<typeof twinTableOptions> =>
  twinTableOptions({ historyTtlDays, historyWindowDays: 3, graceDays: 10 });

describe('options of tables', () => {
  it('keep the index of days longer than any report of the day, and live values for ever', () => {
    const { report_history, report_day, twin_live } = options(30);
    assert.equal(report_history?.default_time_to_live, 30 * 86_400);
    assert.equal(report_day?.default_time_to_live, 32 * 86_400);
    assert.equal(twin_live?.default_time_to_live, 0);
    assert.equal(options(0)['report_day']?.default_time_to_live, 0, 'for ever');
  });

  it('find a fault in each that is not as wanted, whatever package a class is in', () => {
    const wanted = options(30)['report_history'];
    assert.ok(wanted);
    const as = {
      default_time_to_live: 30 * 86_400,
      gc_grace_seconds: 864_000,
      compaction: {
        class: 'org.apache.cassandra.db.compaction.TimeWindowCompactionStrategy',
        compaction_window_unit: 'DAYS',
        compaction_window_size: '3',
        max_threshold: '32',
      },
      compression: { class: 'org.apache.cassandra.io.compress.ZstdCompressor', chunk_length_in_kb: '64' },
    };
    assert.deepEqual(optionFaults(wanted, as), []);
    assert.deepEqual(optionFaults(wanted, { ...as, gc_grace_seconds: 1 }), ['gc_grace_seconds is 1, not 864000']);
    assert.deepEqual(optionFaults(wanted, { ...as, compaction: { ...as.compaction, compaction_window_size: '1' } }), [
      'compaction.compaction_window_size is 1, not 3',
    ]);
    assert.equal(optionFaults(wanted, {}).length, 7);
  });

  it('are CQL', () => {
    const { report_day } = options(1);
    assert.ok(report_day);
    assert.equal(
      optionsCql(report_day),
      "default_time_to_live = 259200 AND gc_grace_seconds = 864000 AND compaction = {'class': 'LeveledCompactionStrategy'}",
    );
  });
});
