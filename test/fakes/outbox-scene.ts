import { silentLog } from '../../common/log.js';
import type { Stamp } from '../../device/clock/time-base.js';
import type { Disk } from '../../device/uplink/disk.js';
import { idOf } from '../../device/uplink/key-set.js';
import type { OutboxOptions } from '../../device/uplink/outbox-options.js';
import { Outbox } from '../../device/uplink/outbox.js';
import type { Key } from '../../device/uplink/key.js';
import { META, decodeGap, decodeReport } from '../../protocol/report.js';
import type { FakeClock } from './fake-clock.js';

/** An outbox over a disk and a clock that a test holds. */

export const reading = (clock: FakeClock, value = 50) => ({ name: 'spd', value, monoMs: clock.monotonicMs() });

export interface OutboxSettings {
  readonly maxBytes?: number;
  readonly stamp?: () => Stamp | undefined;
}

export function openOutbox(disk: Disk, clock: FakeClock, options: OutboxSettings = {}): Promise<Outbox> {
  const stamp = (): Stamp => ({ offsetMs: clock.nowMs() - clock.monotonicMs(), clock: 'system' });
  const all: OutboxOptions = {
    disk,
    vehicle: 'car-1',
    nextBoot: highest => Promise.resolve(highest + 1),
    stamp,
    estimate: () => ({ offsetMs: clock.nowMs() - clock.monotonicMs(), clock: 'estimated' }),
    trustedMs: () => clock.nowMs(),
    maxAgeMs: 30 * 86_400_000,
    maxBytes: 1_000_000,
    syncMs: 200,
    clock,
    timers: clock,
    log: silentLog,
    ...options,
  };
  return Outbox.open(all);
}

/** Everything that an outbox offers to send, as a twin would see it. */
export function collect(outbox: Outbox): Map<string, Uint8Array> {
  const offered = new Map<string, Uint8Array>();
  outbox.listen({
    onSendable: reports => reports.forEach(({ key, bytes }) => offered.set(idOf(key), bytes)),
    onDropped: keys => keys.forEach(key => offered.delete(idOf(key))),
  });
  return offered;
}

export const keyOf = (id: string): Key => {
  const [boot = 0, seq = 0] = id.split('/').map(Number);
  return { boot, seq };
};

export const hexOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
export const samplesOf = (bytes: Uint8Array) => decodeReport(bytes).samples;

export const gapsOf = (reports: Iterable<Uint8Array>) =>
  [...reports].flatMap(bytes => samplesOf(bytes).flatMap(s => (s.name === META.gap ? [decodeGap(s.value)!] : [])));

export function declaredBy(reports: Iterable<Uint8Array>): Set<string> {
  const ids = new Set<string>();
  for (const { boot, from, to } of gapsOf(reports)) for (let seq = from; seq <= to; seq++) ids.add(`${boot}/${seq}`);
  return ids;
}
