import assert from 'node:assert/strict';
import fc from 'fast-check';
import { silentLog } from '../../../../common/log.js';
import { nextBoot } from '../../../../device/uplink/identity.js';
import { idOf } from '../../../../device/uplink/key-set.js';
import { readMarks } from '../../../../device/uplink/marks.js';
import { Outbox } from '../../../../device/uplink/outbox.js';
import { decodeGap, decodeReport, META } from '../../../../protocol/report.js';
import { fakeClock, type FakeClock } from '../../../fakes/fake-clock.js';
import { seededRandom } from '../../../../lab/seeded-random.js';
import { tearingDisk, type TearingDisk } from '../../../fakes/tearing-disk.js';

interface Life {
  readonly clock: FakeClock;
  disk: TearingDisk;
  outbox: Outbox;
  /** Offered and not settled. */
  offered: Map<string, Uint8Array>;
  /** All that was ever offered, by id. */
  readonly seen: Map<string, string>;
  /** What the twin has. */
  readonly stored: Map<string, Uint8Array>;
}

async function open(
  life: Omit<Life, 'outbox' | 'offered'>,
  maxBytes: number,
): Promise<Pick<Life, 'outbox' | 'offered'>> {
  const { clock, disk, seen } = life;
  const highest = Math.max(0, ...[...seen.keys()].map(id => Number(id.split('/')[0])));
  const registration = { vehicle: 'car-1', number: 1, twin: { address: '127.64.0.1', port: 5_683 } };
  const outbox = await Outbox.open({
    disk,
    vehicle: 'car-1',
    // The authority knows the boots of what is stored.
    nextBoot: known =>
      nextBoot(disk, known, floor => Promise.resolve({ ...registration, nextBoot: Math.max(floor, highest + 1) })),
    stamp: () => ({ offsetMs: clock.nowMs() - clock.monotonicMs(), clock: 'system' }),
    estimate: () => ({ offsetMs: clock.nowMs() - clock.monotonicMs(), clock: 'estimated' }),
    trustedMs: () => clock.nowMs(),
    maxAgeMs: 30 * 86_400_000,
    maxBytes,
    syncMs: 200,
    clock,
    timers: clock,
    log: silentLog,
  });
  const offered = new Map<string, Uint8Array>();
  outbox.listen({
    onSendable: reports => {
      for (const { key, bytes } of reports) {
        const text = Buffer.from(bytes).toString('hex');
        assert.equal(seen.get(idOf(key)) ?? text, text, `${idOf(key)} has one content for ever`);
        seen.set(idOf(key), text);
        offered.set(idOf(key), bytes);
      }
    },
    onDropped: keys => keys.forEach(key => offered.delete(idOf(key))),
  });
  await outbox.flush();
  return { outbox, offered };
}

async function begin(seed: number, maxBytes = 1_000_000): Promise<Life> {
  const base = {
    clock: fakeClock(),
    disk: tearingDisk(seededRandom(seed)),
    seen: new Map<string, string>(),
    stored: new Map<string, Uint8Array>(),
  };
  return { ...base, ...(await open(base, maxBytes)) };
}

const add = (life: Life, count: number): void => {
  for (let i = 0; i < count; i++) life.outbox.add([{ name: 'spd', value: i, monoMs: life.clock.monotonicMs() }]);
};

function acknowledge(life: Life, share: number, random: () => number): void {
  for (const [id, bytes] of life.offered) {
    if (random() >= share) continue;
    const [boot = 0, seq = 0] = id.split('/').map(Number);
    life.stored.set(id, bytes);
    life.outbox.acknowledge({ boot, seq });
    life.offered.delete(id);
  }
}

/** A declaration that is damaged before it was delivered is a second fault, and more than one disk can tell. */
async function deliverDeclarations(life: Life): Promise<void> {
  await life.outbox.flush();
  for (const [id, bytes] of life.offered) {
    if (!decodeReport(bytes).samples.some(sample => sample.name === META.gap)) continue;
    const [boot = 0, seq = 0] = id.split('/').map(Number);
    life.stored.set(id, bytes);
    life.outbox.acknowledge({ boot, seq });
    life.offered.delete(id);
  }
  await life.outbox.flush();
}

/**
 * Delivers what is left; then everything that was ever offered must be stored, declared, or of a tail that is cut: bytes
 * at the end of a boot that nothing after them tells of.
 */
async function settle(life: Life): Promise<void> {
  const marks = await readMarks(life.disk);
  const lastAccepted = new Map(marks.boots.map(({ boot, accepted }) => [boot, accepted]));
  lastAccepted.set(life.outbox.boot, Infinity);
  for (let i = 0; i < 4; i++) {
    acknowledge(life, 2, () => 0);
    await life.clock.advance(400);
    await life.outbox.flush();
  }
  assert.equal(life.outbox.status.pending, 0);
  const declared = new Set<string>();
  for (const bytes of life.stored.values())
    for (const { name, value } of decodeReport(bytes).samples) {
      const gap = name === META.gap ? decodeGap(value) : undefined;
      for (let seq = gap?.from ?? 1; seq <= (gap?.to ?? 0); seq++) declared.add(`${gap?.boot}/${seq}`);
    }
  for (const id of life.seen.keys()) {
    const [boot = 0, seq = 0] = id.split('/').map(Number);
    const isCut = seq > (lastAccepted.get(boot) ?? 0);
    assert.ok(life.stored.has(id) || declared.has(id) || isCut, `${id} is neither stored, declared nor cut`);
  }
  const highest = new Map<number, number>();
  for (const id of life.stored.keys()) {
    const [boot = 0, seq = 0] = id.split('/').map(Number);
    highest.set(boot, Math.max(highest.get(boot) ?? 0, seq));
  }
  for (const [boot, last] of highest)
    for (let seq = 1; seq <= Math.min(last, lastAccepted.get(boot) ?? last); seq++)
      assert.ok(life.stored.has(`${boot}/${seq}`) || declared.has(`${boot}/${seq}`), `${boot}/${seq} is undeclared`);
}

describe('outbox on a disk that rots', () => {
  const act = fc.oneof(
    fc.record({ do: fc.constant('add' as const), count: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 500 }) }),
    fc.record({ do: fc.constant('acknowledge' as const), share: fc.double({ min: 0.1, max: 1, noNaN: true }) }),
    fc.record({
      do: fc.constant('restart' as const),
      flips: fc.integer({ min: 0, max: 6 }),
      cutAfter: fc.integer({ min: 1, max: 40 }),
    }),
  );

  it('never changes a report, never uses an id twice, and declares what it lost, whatever bits flip', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(act, { maxLength: 20 }),
        fc.constantFrom(3_000, 1_000_000),
        async (seed, plan, maxBytes) => {
          const life = await begin(seed, maxBytes);
          const random = seededRandom(seed ^ 0x55);
          for (const step of plan) {
            if (step.do === 'add') add(life, step.count);
            else if (step.do === 'wait') await life.clock.advance(step.ms);
            else if (step.do === 'acknowledge') acknowledge(life, step.share, random);
            else {
              if (step.flips > 0) await deliverDeclarations(life);
              life.disk.cutAt(life.disk.operations + step.cutAfter);
              add(life, 3);
              await life.clock.advance(300);
              life.disk = life.disk.afterPowerCut();
              for (let i = 0; i < step.flips; i++) life.disk.rot();
              Object.assign(life, await open(life, maxBytes));
              await deliverDeclarations(life);
            }
          }
          await settle(life);
        },
      ),
      { numRuns: 150 },
    )).timeout(60_000);

  it('counts the bytes that were damaged', async () => {
    const life = await begin(1);
    add(life, 5);
    await life.clock.advance(300);
    life.disk = life.disk.afterPowerCut();
    const [segment = ''] = (await life.disk.list()).filter(name => name.startsWith('outbox-'));
    life.disk.damage(segment, 300);
    Object.assign(life, await open(life, 1_000_000));
    assert.ok(life.outbox.status.damagedBytes > 8);
    await settle(life);
  });

  it('opens after a year in one boot whose checkpoint is damaged, with one declaration', async () => {
    const life = await begin(1);
    add(life, 1);
    await life.clock.advance(300);
    // A report of a seq far on, and nothing whole that says what was before it.
    const { encodeFrame } = await import('../../../../device/uplink/frames.js');
    const { encodeRecord } = await import('../../../../device/uplink/records.js');
    const key = { boot: 1, seq: 63_000_000 };
    const bytes = Buffer.from('a0', 'hex');
    for (const name of await life.disk.list()) if (name.startsWith('outbox-')) await life.disk.remove(name);
    await life.disk.append('outbox-0000000900.log', encodeFrame(encodeRecord({ kind: 'report', key, bytes })));
    Object.assign(life, await open(life, 1_000_000));
    await life.clock.advance(300);
    const gaps = [...life.offered.values()]
      .filter(report => report.length > 10)
      .flatMap(report => decodeReport(report).samples)
      .flatMap(({ name, value }) => (name === META.gap ? [decodeGap(value)] : []));
    assert.deepEqual(gaps, [{ boot: 1, from: 1, to: 62_999_999, reason: 'corrupt' }]);
  });
});

describe('outbox on a disk that is full', () => {
  it('takes reports until too many wait, fills the disk with no segments, and loses nothing when there is room again', async () => {
    const life = await begin(1);
    add(life, 20);
    await life.clock.advance(300);
    life.disk.limit(1);
    let refused = 0;
    for (let second = 0; second < 900; second++) {
      try {
        add(life, 2);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'OUTBOX_FULL');
        refused++;
      }
      await life.clock.advance(1_000);
    }
    assert.ok(refused > 300 && life.outbox.status.failing);
    assert.ok((await life.disk.list()).length <= 8, String(await life.disk.list()));
    const { sampled } = life.outbox.status;
    life.disk.limit(Infinity);
    await life.clock.advance(2_000);
    assert.equal(life.outbox.status.failing, false);
    assert.equal(life.outbox.status.accepted, sampled);
    await settle(life);
    assert.equal(life.stored.size, sampled);
  });

  it('keeps what it had accepted when the power goes while the disk is full', async () => {
    for (let seed = 0; seed < 30; seed++) {
      const life = await begin(seed);
      add(life, 20);
      await life.clock.advance(300);
      life.disk.limit(40 * seed);
      add(life, 5);
      await life.clock.advance(3_000);
      life.disk = life.disk.afterPowerCut();
      Object.assign(life, await open(life, 1_000_000));
      await settle(life);
      for (let seq = 1; seq <= 20; seq++) assert.ok(life.stored.has(`1/${seq}`), `1/${seq}, seed ${seed}`);
    }
  });
});

describe('outbox on a disk that is slow', () => {
  it('takes reports while a sync hangs, offers none of them before it has ended, and then all, once and in order', async () => {
    const life = await begin(1);
    add(life, 20);
    await life.clock.advance(300);
    await settle(life);
    const goOn = life.disk.stall();
    for (let second = 0; second < 60; second++) {
      add(life, 2);
      await life.clock.advance(1_000);
      assert.equal(life.offered.size, 0, 'what is not on the disk could be lost, and its id used again');
    }
    goOn();
    await life.clock.advance(1_000);
    assert.deepEqual(
      [...life.offered.keys()],
      Array.from({ length: 120 }, (_, n) => `1/${n + 21}`),
    );
    await settle(life);
    assert.deepEqual([life.stored.size, life.outbox.status.failing], [140, false]);
  });

  it('takes only so many while it hangs, and refuses the others by name', async () => {
    const life = await begin(1);
    const goOn = life.disk.stall();
    let taken = 0;
    assert.throws(
      () => {
        for (; taken < 100_000; taken++) add(life, 1);
      },
      { code: 'OUTBOX_FULL' },
    );
    goOn();
    await life.clock.advance(1_000);
    await settle(life);
    assert.equal(life.stored.size, taken);
  });
});

describe('wear of the disk', () => {
  it('is less than three times the bytes of the reports on a drive that is acknowledged as it goes', async () => {
    const life = await begin(1);
    const { writtenBytes } = life.outbox.status;
    let reportBytes = 0;
    for (let second = 0; second < 1_200; second++) {
      for (let i = 0; i < 2; i++) {
        life.outbox.add(
          ['spd', 'rpm', 'maf', 'thr', 'load', 'lat', 'lon'].map(name => ({
            name,
            value: 20 + ((second * 7.3) % 30),
            monoMs: life.clock.monotonicMs(),
          })),
        );
        await life.clock.advance(500);
        for (const bytes of life.offered.values()) reportBytes += bytes.length;
        acknowledge(life, 2, () => 0);
      }
    }
    const times = (life.outbox.status.writtenBytes - writtenBytes) / reportBytes;
    assert.ok(times < 3, `${times.toFixed(2)} times`);
  });
});

describe('age of the reports in an outbox', () => {
  const HOUR_MS = 3_600_000;
  it('is bounded: older ones are dropped and declared, once the time is trusted', async () => {
    const life = await begin(1);
    add(life, 10);
    await life.clock.advance(300);
    await life.clock.advance(29 * 24 * HOUR_MS);
    add(life, 1);
    await life.clock.advance(300);
    assert.equal(life.offered.size, 11, 'none is too old yet');
    await life.clock.advance(2 * 24 * HOUR_MS);
    add(life, 1);
    await life.clock.advance(1_000);
    assert.deepEqual([...life.offered.keys()].slice(0, 2), ['1/11', '1/12']);
    await settle(life);
    assert.ok(!life.stored.has('1/1'));
  });
});
