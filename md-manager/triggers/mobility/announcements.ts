import type { HostRef } from '../../../protocol/api/common.js';
import type { HandoverRecord } from '../../../protocol/api/md-manager.js';
import {
  told,
  type AppInstance,
  type AssociateId,
  type MobilityStatus,
  type MobilitySubscription,
} from '../../../protocol/triggers/mec-mobility.js';
import type { Subscribers } from './subscribers.js';

export interface AnnouncementDeps {
  readonly subscribers: Subscribers;
  /** What others call the vehicle's device; nobody can be told of one that has no such name. */
  readonly associateIds: (vehicle: string) => readonly AssociateId[];
  /** Whether the application of somebody else goes where one of these devices goes. */
  readonly follows: (appInstanceId: string, ids: readonly AssociateId[]) => boolean;
  readonly hostOf: (host: string) => HostRef | undefined;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
}

/** An instance of our application, as MEC 021 means it, is a vMD host. */
export function instanceOf({ host, address, address6, port }: HostRef): AppInstance {
  const addresses = [address, address6].flatMap(one => (one === undefined ? [] : [{ host: one, port }]));
  return { appInstanceId: host, commInterface: { ipAddresses: addresses } };
}

/** What a hand-over is to others; those within one host are nothing to them. */
export function statusOf(record: HandoverRecord): MobilityStatus | undefined {
  const { kind, result, fromHost, toHost } = record;
  if (kind === 'first' || kind === 'same-domain' || fromHost === toHost) return undefined;
  if (result === 'completed') return 'INTERHOST_MOVEOUT_COMPLETED';
  if (result !== 'running') return 'INTERHOST_MOVEOUT_FAILED';
  return hasBegun(record) ? 'INTERHOST_MOVEOUT_TRIGGERED' : undefined;
}

/** From here on it is told of, by this leader or the one before. */
const hasBegun = ({ phases, toHost }: HandoverRecord): boolean =>
  phases.initiated !== undefined && toHost !== undefined;

/** Tells subscribers of our hand-overs as MEC 021 names them: triggered, completed, failed; each once, in that order. */
export class Announcements {
  readonly #deps: AnnouncementDeps;
  /** Hand-overs that run and were told of. */
  readonly #triggered = new Set<string>();

  constructor(deps: AnnouncementDeps) {
    this.#deps = deps;
  }

  /** A hand-over reached something, or ended. */
  onRecord(record: HandoverRecord): void {
    const status = statusOf(record);
    if (status === undefined) return;
    const { id, vehicle, toHost } = record;
    if (status === 'INTERHOST_MOVEOUT_TRIGGERED') {
      if (this.#triggered.has(id)) return;
      this.#triggered.add(id);
    } else if (!this.#triggered.delete(id) && status === 'INTERHOST_MOVEOUT_FAILED' && !hasBegun(record)) return;
    const { subscribers, associateIds, follows, hostOf, nowMs } = this.#deps;
    const all = subscribers.all();
    if (all.length === 0) return;
    const associateId = associateIds(vehicle);
    if (associateId.length === 0) return;
    const host = toHost === undefined ? undefined : hostOf(toHost);
    const target = host === undefined ? undefined : instanceOf(host);
    for (const subscriber of all) {
      const { appInstanceId } = subscriber.wish.filterCriteria;
      const isTheirs =
        appInstanceId === undefined || isOf(record, appInstanceId) || follows(appInstanceId, associateId);
      if (!isTheirs || !wants(subscriber.wish, status, associateId)) continue;
      subscribers.tell(subscriber, told.mobility({ associateId, status, target, atMs: nowMs() }, subscriber.href));
    }
  }
}

const isOf = ({ fromHost, toHost }: HandoverRecord, appInstanceId: string): boolean =>
  appInstanceId === fromHost || appInstanceId === toHost;

/** All other criteria that are given hold. */
function wants(
  { subscriptionType, filterCriteria }: MobilitySubscription,
  status: MobilityStatus,
  ids: readonly AssociateId[],
): boolean {
  if (subscriptionType !== 'MobilityProcedureSubscription') return false;
  const { associateId, mobilityStatus } = filterCriteria;
  if (mobilityStatus !== undefined && !mobilityStatus.includes(status)) return false;
  const named = (wish: AssociateId): boolean =>
    ids.some(({ type, value }) => type === wish.type && value === wish.value);
  return associateId === undefined || associateId.some(named);
}
