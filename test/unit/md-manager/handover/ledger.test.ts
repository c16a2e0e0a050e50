import assert from 'node:assert/strict';
import { openLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { systemTimers } from '../../../../common/clock.js';
import { Ledger, rowOf } from '../../../../md-manager/handover/ledger.js';
import type { HandoverRecord } from '../../../../protocol/api/md-manager.js';
import { METRICS } from '../../../../protocol/metrics.js';
import type { ControlStore, HandoverRow } from '../../../../store/types.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { idleState } from '../../../fakes/handover-world.js';

const record = (n: number): HandoverRecord => ({
  ...{ id: `h-${n}`, vehicle: `car-${n % 7}`, kind: 'move', way: 'manager', result: 'completed', attempt: 1 },
  ...{ fromDomain: 'edge-1', toDomain: 'edge-2', fromHost: 'edge-1/1', phases: {}, startedAtMs: n, endedAtMs: n + 1 },
});

describe('the ledger of hand-overs', () => {
  it('serves after the newest, and counts the rest once, with what has ended meanwhile', async () => {
    const rows = new Map<string, HandoverRow>(
      Array.from({ length: 25_000 }, (_, n) => [`h-${n}`, rowOf(record(n))] as const),
    );
    const asked: number[] = [];
    const store = {
      handovers: ({ limit }: { limit: number }) => {
        asked.push(limit);
        const newest = [...rows.values()].sort((a, b) => b.startedAtMs - a.startedAtMs);
        return Promise.resolve(newest.slice(0, limit));
      },
      putHandover: (row: HandoverRow) => Promise.resolve(void rows.set(row.id, row)),
    } as Partial<ControlStore> as ControlStore;
    await using ledger = new Ledger({
      ...{ store, metrics: new Metrics(METRICS), log: openLog('test', 'silent'), timers: systemTimers },
    });
    const seen = await ledger.load();
    assert.ok(asked.every(limit => limit < rows.size));
    assert.equal(seen.get('car-1')?.length, 16);
    ledger.end(record(30_000));
    await ledger.flush();
    await ledger.countRest();
    assert.equal(ledger.counts().completed, 25_001);
    ledger.end(record(30_001));
    assert.equal(ledger.counts().completed, 25_002);
  });

  it('writes an end with the next group, and the phases of one that runs now and then: its intent is there', async () => {
    const clock = fakeClock();
    const put: string[] = [];
    const store = {
      putHandover: ({ id, open }: HandoverRow) => Promise.resolve(void put.push(`${id} ${open ? 'runs' : 'ended'}`)),
    } as Partial<ControlStore> as ControlStore;
    await using ledger = new Ledger({
      ...{ store, metrics: new Metrics(METRICS), log: openLog('test', 'silent'), timers: clock },
    });
    const running = { ...record(1), result: 'running' } as const;
    const state = idleState();
    await ledger.putIntent(running, state);
    assert.deepEqual(put.splice(0), ['h-1 runs']);
    ledger.update(running, state, true);
    ledger.end(record(2));
    for (let group = 1; group < 4; group++) {
      await clock.advance(250);
    }
    assert.deepEqual(put.splice(0), ['h-2 ended']);
    await clock.advance(250);
    assert.deepEqual(put.splice(0), ['h-1 runs']);
    ledger.update(running, state, true);
    ledger.end(record(1));
    await clock.advance(250);
    assert.deepEqual(put.splice(0), ['h-1 ended']);
    // Who asks for the ledger has all of it.
    ledger.update({ ...running, id: 'h-3' }, state, true);
    await ledger.flush();
    assert.deepEqual(put, ['h-3 runs']);
  });
});
