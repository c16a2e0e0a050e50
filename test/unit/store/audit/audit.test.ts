import assert from 'node:assert/strict';
import { encodeBoot, encodeGap, encodeReport } from '../../../../protocol/report.js';
import type { Sample } from '../../../../protocol/sample.js';
import { conclude, readRanges } from '../../../../store/audit/audit.js';
import { recordInMemory } from '../../../../store/audit/tally-record.js';
import type { ActingView, AuditResult, SeqsByVehicle, Testimony } from '../../../../store/audit/types.js';
import type { SeqRanges } from '../../../../store/ranges.js';
import type { HistoryRow } from '../../../../store/types.js';
import { memorySource } from '../../../fakes/memory-history-source.js';
import { START_MS, device, owner, row } from '../../../fakes/store-rows.js';

const witness = (vehicles: Record<string, Record<number, SeqRanges>>): SeqsByVehicle =>
  new Map(
    Object.entries(vehicles).map(([vehicle, boots]) => [
      vehicle,
      new Map(Object.entries(boots).map(([boot, seqs]) => [Number(boot), seqs])),
    ]),
  );
const auditOf = async (
  domains: readonly (readonly HistoryRow[])[],
  rest: Partial<Testimony> & { readonly acting?: ActingView } = {},
): Promise<AuditResult> => {
  const source = memorySource(Object.fromEntries(domains.map((stored, at) => [`edge-${at + 1}`, stored])));
  const testimony = { acknowledged: new Map(), marks: [], ...rest };
  const record = recordInMemory({ ranges: await source.split(3), testimony });
  const read = await readRanges(source, record, { signal: new AbortController().signal });
  return conclude(source, read, testimony, rest.acting);
};
const rows = (from: number, to: number, vehicle = 'car-1', boot = 1): HistoryRow[] =>
  Array.from({ length: to - from + 1 }, (_, i) => row(vehicle, from + i, { boot }));
const withSamples = (
  vehicle: string,
  boot: number,
  seq: number,
  samples: readonly Omit<Sample, 'timeMs'>[],
): HistoryRow => {
  const plain = row(vehicle, seq, { boot });
  const stamped = samples.map(sample => ({ ...sample, timeMs: plain.timeMs }));
  return { ...plain, bytes: encodeReport({ ...plain, samples: stamped }) };
};
const said = (result: AuditResult): string[] =>
  result.violations.map(({ guarantee, vehicle, say }) => `${guarantee} ${vehicle}: ${say}`);

describe('audit of histories', () => {
  it('finds nothing where every accepted report is stored in some domain', async () => {
    const result = await auditOf([rows(1, 60), rows(50, 100), []], {
      acknowledged: witness({ 'car-1': { 1: [[1, 99]] } }),
      marks: [{ vehicle: 'car-1', boots: [{ boot: 1, sampled: 103, accepted: 100 }], resent: 4 }],
    });
    assert.deepEqual(result.violations, []);
    assert.deepEqual(result.reports, {
      ...{ sampled: 103, accepted: 100, acknowledged: 99, resent: 4 },
      ...{ stored: 100, dropped: 0, lost: 0, duplicated: 0 },
    });
    assert.deepEqual(result.perVehicle, [{ vehicle: 'car-1', ...result.reports }]);
  });

  it('finds an acknowledged report that is in no store', async () => {
    const result = await auditOf([rows(1, 6), rows(8, 10)], { acknowledged: witness({ 'car-1': { 1: [[1, 10]] } }) });
    assert.deepEqual(said(result), [
      '1 car-1: 1 acknowledged reports of boot 1 are not stored: 7',
      '2 car-1: 1 of 10 accepted reports of boot 1 are neither stored nor declared: 7',
    ]);
    assert.equal(result.reports.lost, 1);
  });

  it('finds a vehicle that was acknowledged and has no row at all', async () => {
    const result = await auditOf([rows(1, 2)], { acknowledged: witness({ 'car-9': { 3: [[1, 2]] } }) });
    assert.deepEqual(
      said(result).map(line => line.slice(0, 8)),
      ['1 car-9:', '2 car-9:'],
    );
    assert.deepEqual(
      result.perVehicle.map(({ vehicle, lost }) => [vehicle, lost]),
      [
        ['car-1', 0],
        ['car-9', 2],
      ],
    );
  });

  it('finds a report that is stored under two times', async () => {
    const result = await auditOf([rows(1, 5), [row('car-1', 3, { timeMs: START_MS + 999_999 })]]);
    assert.deepEqual(said(result), ['1 car-1: reports of boot 1 are stored under more than one time: 3']);
    assert.deepEqual([result.reports.stored, result.reports.duplicated], [5, 1]);
  });

  it('finds two different reports under one id', async () => {
    const other = { ...row('car-1', 3), bytes: row('car-2', 3).bytes };
    const result = await auditOf([rows(1, 5), [other]]);
    assert.deepEqual(said(result), ['1 car-1: two different reports have one id in boot 1: 3']);
    assert.equal(result.reports.duplicated, 1);
  });

  it('does not care when a domain received its copy', async () => {
    const result = await auditOf([rows(1, 3), rows(1, 3).map(one => ({ ...one, receivedAtMs: 1 }))]);
    assert.deepEqual([result.violations, result.reports.duplicated], [[], 0]);
  });

  it('counts declared gaps that are not stored as dropped, the others as lost', async () => {
    const gap = withSamples('car-1', 2, 1, [
      { name: 'meta/gap', value: encodeGap({ boot: 1, from: 3, to: 5, reason: 'bound' }) },
    ]);
    const result = await auditOf([[...rows(1, 2), row('car-1', 4), ...rows(7, 9), gap]]);
    assert.deepEqual(said(result), ['2 car-1: 1 of 9 accepted reports of boot 1 are neither stored nor declared: 6']);
    const { stored, dropped, lost, accepted } = result.reports;
    assert.deepEqual({ stored, dropped, lost, accepted }, { stored: 7, dropped: 2, lost: 1, accepted: 10 });
  });

  it('learns from the next boot what the one before had accepted', async () => {
    const boot = withSamples('car-1', 2, 1, [
      { name: 'meta/boot', value: encodeBoot({ previousBoot: 1, lastAcceptedSeq: 12, clock: 'gps' }) },
    ]);
    const result = await auditOf([[...rows(1, 10), boot]]);
    assert.deepEqual(said(result), [
      '2 car-1: 2 of 12 accepted reports of boot 1 are neither stored nor declared: 11–12',
    ]);
  });

  it('does not call lost what waits in the outbox', async () => {
    const boots = [{ boot: 1, sampled: 12, accepted: 12 }];
    const pending = (count: number): Promise<AuditResult> =>
      auditOf([rows(1, 10)], { marks: [{ vehicle: 'car-1', boots, pending: count }] });
    assert.deepEqual([(await pending(2)).violations, (await pending(2)).reports.lost], [[], 2]);
    assert.equal((await pending(1)).violations.length, 1);
  });

  it('reports a row that tells about the reporting and cannot be read', async () => {
    const result = await auditOf([[{ ...row('car-1', 1), bytes: Buffer.from('no report, but meta/gap') }]]);
    assert.deepEqual(said(result), ['1 car-1: reports of boot 1 cannot be read: 1']);
  });

  it('counts what each domain has and what it lacks of the others', async () => {
    const result = await auditOf([rows(1, 60), rows(50, 100), []]);
    assert.deepEqual(result.domains, [
      { domain: 'edge-1', rows: 60, missing: 40 },
      { domain: 'edge-2', rows: 51, missing: 49 },
      { domain: 'edge-3', rows: 0, missing: 100 },
    ]);
  });

  it('looks again for what came behind it, and only for that', async () => {
    const early = [...rows(1, 4), ...rows(7, 10)];
    const source = memorySource({ 'edge-1': early });
    const acknowledged = witness({ 'car-1': { 1: [[1, 10]] } });
    const record = recordInMemory({ ranges: await source.split(2), testimony: { acknowledged, marks: [] } });
    const read = await readRanges(source, record, { signal: new AbortController().signal });
    // 5 came late, 6 never, 12 was accepted after the audit began and 11 is under way.
    source.store('edge-1', [row('car-1', 5), row('car-1', 12)]);
    const result = await conclude(source, read, record.testimony, undefined);
    assert.deepEqual(said(result), [
      '1 car-1: 1 acknowledged reports of boot 1 are not stored: 6',
      '2 car-1: 1 of 10 accepted reports of boot 1 are neither stored nor declared: 6',
    ]);
    assert.deepEqual([result.reports.stored, result.reports.accepted, result.reports.duplicated], [9, 10, 0]);
  });

  it('keeps vehicles apart that several domains have in part', async () => {
    const result = await auditOf([
      [...rows(1, 3, 'car'), ...rows(1, 2, 'car-2')],
      [...rows(1, 3, 'car-1'), ...rows(3, 4, 'car-2')],
    ]);
    assert.deepEqual(
      result.perVehicle.map(({ vehicle, stored }) => [vehicle, stored]),
      [
        ['car', 3],
        ['car-1', 3],
        ['car-2', 4],
      ],
    );
    assert.deepEqual(result.violations, []);
  });
});

describe('audit of who acts', () => {
  const quiet = { owners: [owner('car-1', 3)], devices: [device('car-1', 1_025)], open: [] };
  const slot = {
    host: 'edge-1/1',
    slot: 0,
    state: 'assigned',
    vehicle: 'car-1',
    actingEpoch: 3,
    leaseHeld: true,
  } as const;
  const acting = async (view: Partial<ActingView>): Promise<string[]> =>
    said(await auditOf([], { acting: { ...quiet, ...view } }));
  const open = [{ id: 'h-9', vehicle: 'car-1' }];

  it('finds nothing where the owner acts in its slot and the flows have its epoch', async () => {
    const flows = [{ vehicle: 1_025, epochLow: 3, kind: 'path' }];
    assert.deepEqual(await acting({ slots: [slot], poolSlots: [slot], flows }), []);
  });

  it('finds two hosts that act', async () => {
    const other = { ...slot, host: 'edge-2/1', actingEpoch: 2, state: 'draining' } as const;
    assert.deepEqual(await acting({ slots: [slot, other] }), [
      '3 car-1: edge-1/1 (epoch 3) and edge-2/1 (epoch 2) act at once',
    ]);
    assert.equal((await acting({ slots: [slot, other], open })).length, 1);
    assert.deepEqual(await acting({ slots: [slot, { ...other, leaseHeld: false }] }), []);
  });

  it('finds a host that acts above, below, or beside the owner row', async () => {
    for (const wrong of [{ actingEpoch: 4 }, { actingEpoch: 2 }]) {
      const [found = ''] = await acting({ slots: [{ ...slot, ...wrong }] });
      assert.match(found, /^3 car-1: .*(above|below) the claimed epoch 3$/);
    }
    assert.match(
      (await acting({ slots: [{ ...slot, host: 'edge-2/1', state: 'draining' }] }))[0] ?? '',
      /has claimed the epoch/,
    );
    assert.match((await acting({ slots: [slot], owners: [] }))[0] ?? '', /without an owner row/);
  });

  it('lets the old host act below while a hand-over is open, and nobody above', async () => {
    assert.deepEqual(await acting({ slots: [{ ...slot, actingEpoch: 2 }], open }), []);
    assert.equal((await acting({ slots: [{ ...slot, actingEpoch: 4 }], open })).length, 1);
  });

  it('finds a slot that is held for nobody, at the host and in the pool', async () => {
    const orphan = { host: 'edge-2/1', slot: 1, state: 'reserved', vehicle: 'car-1', handover: 'h-9' } as const;
    assert.deepEqual(await acting({ slots: [orphan], poolSlots: [orphan] }), [
      '4 car-1: slot 1 of edge-2/1 is reserved for nobody (says the host)',
      '4 car-1: slot 1 of edge-2/1 is reserved for nobody (says the manager)',
    ]);
    assert.deepEqual(await acting({ slots: [orphan], open }), []);
    assert.deepEqual(await acting({ slots: [{ ...orphan, state: 'draining' }] }), []);
    const standby = { lease: 'h-9', host: 'edge-2/1' };
    assert.deepEqual(await acting({ slots: [orphan], poolSlots: [orphan], standbys: [standby] }), []);
    assert.equal((await acting({ slots: [orphan], standbys: [{ ...standby, host: 'edge-2/2' }] })).length, 1);
    assert.equal((await acting({ poolSlots: [{ host: 'edge-1/1', slot: 0, state: 'assigned' }] })).length, 1);
  });

  it('finds a flow of an older epoch once no hand-over is open, also across the wrap of the cookie', async () => {
    const flows = [
      { vehicle: 1_025, epochLow: 2, kind: 'wayOut' },
      { vehicle: 1_025, epochLow: 3, kind: 'path' },
      { vehicle: 9, epochLow: 0, kind: 'path' },
    ];
    assert.deepEqual(await acting({ flows }), ['5 car-1: the switch holds flows older than epoch 3: wayOut of 2']);
    assert.deepEqual(await acting({ flows, open }), []);
    const wrapped = {
      owners: [owner('car-1', 2 ** 24 + 1)],
      flows: [{ vehicle: 1_025, epochLow: 2 ** 24 - 1, kind: 'path' }],
    };
    assert.equal((await acting(wrapped)).length, 1);
  });
});
