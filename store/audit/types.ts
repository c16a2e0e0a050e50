import type { SlotState } from '../../protocol/api/pools.js';
import type { SeqRanges } from '../ranges.js';
import type { DeviceRow, OwnerRow } from '../types.js';

/** What a device says of its outbox, per boot: seqs handed out, and synced. */
export interface VehicleMarks {
  readonly vehicle: string;
  readonly boots: readonly { readonly boot: number; readonly sampled: number; readonly accepted: number }[];
  /** Accepted reports that wait in the outbox for their acknowledgement. */
  readonly pending?: number | undefined;
  readonly resent?: number | undefined;
}

/** Seqs by vehicle and boot. */
export type SeqsByBoot = ReadonlyMap<number, SeqRanges>;
export type SeqsByVehicle = ReadonlyMap<string, SeqsByBoot>;

/** A slot as its host or the manager's pool tells it. */
export interface SlotView {
  readonly host: string;
  readonly slot: number;
  readonly state: SlotState;
  readonly vehicle?: string | undefined;
  readonly handover?: string | undefined;
  readonly actingEpoch?: number | undefined;
  readonly leaseHeld?: boolean | undefined;
}

export interface FlowView {
  /** Number of the vehicle. */
  readonly vehicle: number;
  /** Epoch mod 2^24. */
  readonly epochLow: number;
  readonly kind: string;
}

/** What the system holds about who acts, at about one moment. What was not asked for is absent. */
export interface ActingView {
  readonly owners: readonly OwnerRow[];
  readonly devices: readonly DeviceRow[];
  /** Hand-overs that were open at some time while the rest was read. */
  readonly open: readonly { readonly id: string; readonly vehicle: string }[];
  /** Standby slots that were kept for hand-overs that may come, likewise: their leases, and the hosts. */
  readonly standbys?: readonly { readonly lease: string; readonly host: string }[];
  /** Slots by the hosts themselves. */
  readonly slots?: readonly SlotView[];
  /** Slots by the manager's pools. */
  readonly poolSlots?: readonly SlotView[];
  readonly flows?: readonly FlowView[];
}

/** What devices and their witness say, read before any row is. */
export interface Testimony {
  /** What devices have a 2.04 for. */
  readonly acknowledged: SeqsByVehicle;
  readonly marks: readonly VehicleMarks[];
}

/** Which of the guarantees of DESIGN §10 does not hold. */
export interface Violation {
  readonly guarantee: 1 | 2 | 3 | 4 | 5 | 6;
  readonly vehicle?: string;
  readonly say: string;
}

/** Counts of DESIGN §7. */
export interface ReportCounts {
  readonly sampled: number;
  readonly accepted: number;
  readonly acknowledged: number;
  /** Where a device told it. */
  readonly resent?: number;
  readonly stored: number;
  readonly dropped: number;
  readonly lost: number;
  readonly duplicated: number;
}

/** What one domain's store has of the rows of all. */
export interface DomainCounts {
  readonly domain: string;
  readonly rows: number;
  /** Rows that another domain has and this one has not: replication is behind, or was cut. */
  readonly missing: number;
}

export interface AuditResult {
  readonly reports: ReportCounts;
  readonly domains: readonly DomainCounts[];
  readonly perVehicle: readonly ({ readonly vehicle: string } & ReportCounts)[];
  readonly violations: readonly Violation[];
}
