import { z } from 'zod';
import { delay, type Clock, type Timers } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import { backoff } from '../../common/retry.js';
import type { SettingsRecord } from '../../protocol/api/md-manager.js';
import type { HostEvent } from '../../protocol/api/vmd.js';
import { fault } from '../../protocol/errors.js';
import { toWire, type ReportedSettings, type SettingsState, type VehicleSettings } from '../../protocol/settings.js';
import type { ControlStore, SettingsRow } from '../../store/types.js';
import type { HostClient } from '../peers.js';
import type { VehicleState } from '../handover/state.js';
import { desiredOf, recordOf } from './record.js';

export interface SettingsDeskDeps {
  readonly store: Pick<ControlStore, 'putSettings' | 'settings' | 'allSettings'>;
  /** The client of a host, while it is there. */
  readonly client: (host: string) => Pick<HostClient, 'desire'> | undefined;
  readonly state: (vehicle: string) => Pick<VehicleState, 'twin'> | undefined;
  readonly term: number;
  readonly newId: () => string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const RETRY = { firstMs: 200, maxMs: 10_000, jitter: 0.2 } as const;
/** Managers that write at the same moment; each further try is above what the one before met. */
const TRIES = 8;

/**
 * What vehicles are to be set to, and what they say of it (desired and reported). The control store has both; whoever acts as
 * the twin is told the newest version, again with each claim, and tells the car.
 */
export class SettingsDesk {
  readonly #deps: SettingsDeskDeps;
  readonly #rows = new Map<string, SettingsRow>();
  /** Vehicle → host, epoch and version that were told, or are being told. */
  readonly #told = new Map<string, string>();
  readonly #telling = new Set<Promise<void>>();

  constructor(deps: SettingsDeskDeps) {
    this.#deps = deps;
  }

  /** Reads what earlier managers were told. */
  async load(): Promise<void> {
    for (const row of await this.#deps.store.allSettings()) this.#take(row);
  }

  /** Undefined where nothing was ever set. Throws STORE_SCHEMA. */
  record(vehicle: string): SettingsRecord | undefined {
    const row = this.#rows.get(vehicle);
    return row === undefined ? undefined : recordOf(row);
  }

  /** In short. */
  state(vehicle: string): SettingsState | undefined {
    const row = this.#rows.get(vehicle);
    return row === undefined ? undefined : { version: row.version, state: recordOf(row).state };
  }

  /** Durable when it resolves. Throws REQUEST_INVALID where it does not fit, STORE_FAILED where it may not have been written. */
  async put(vehicle: string, settings: VehicleSettings): Promise<SettingsRecord> {
    // Refused here, and not by a twin that could not tell its car.
    toWire(settings);
    const { store, newId, clock } = this.#deps;
    const id = newId();
    const desired = { settings, writtenAtMs: clock.nowMs() };
    for (let left = TRIES; left > 0; left--) {
      const held = await store.settings(vehicle);
      if (held?.id === id) return this.#written(held);
      const version = Math.max(held?.version ?? 0, versionSaid(held)) + 1;
      const reported = held?.reported;
      const row = { vehicle, version, id, desired, ...(reported === undefined ? {} : { reported }) };
      if ((await store.putSettings(row)) === 'applied') return this.#written(row);
    }
    throw fault('STORE_FAILED', `settings of ${vehicle}`);
  }

  /** A vehicle's twin may be another one. */
  onChange({ vehicle }: Pick<VehicleState, 'vehicle'>): void {
    const row = this.#rows.get(vehicle);
    const key = row === undefined ? undefined : this.#keyOf(row);
    if (row === undefined || key === undefined || this.#told.get(vehicle) === key) return;
    this.#told.set(vehicle, key);
    const telling = this.#tell(vehicle, key).finally(() => this.#telling.delete(telling));
    this.#telling.add(telling);
  }

  /** A twin says what its car said. */
  async heard({ vehicle, reported, atMs }: Extract<HostEvent, { type: 'settings' }>): Promise<void> {
    try {
      await this.#keep(vehicle, reported, atMs);
    } catch (error) {
      this.#deps.log.error({ event: 'manager.effect.failed', effect: 'settings', error: messageOf(error) });
    }
  }

  /** Resolves once nothing is being told any more; the signal ends it. */
  async idle(): Promise<void> {
    await Promise.all(this.#telling);
  }

  #take(row: SettingsRow): void {
    const known = this.#rows.get(row.vehicle);
    if (known === undefined || known.version <= row.version) this.#rows.set(row.vehicle, row);
  }

  #written(row: SettingsRow): SettingsRecord {
    this.#take(row);
    const { vehicle, version } = row;
    this.#deps.log.info({ event: 'manager.settings.written', vehicle, version });
    this.onChange({ vehicle });
    return recordOf(row);
  }

  async #keep(vehicle: string, reported: ReportedSettings, atMs: number): Promise<void> {
    const { store, log } = this.#deps;
    const row = this.#rows.get(vehicle);
    if (row === undefined) return;
    const record = recordOf(row);
    const before = record.reported;
    const isNew = before?.version !== reported.version || before.result !== reported.result;
    if (isNew) {
      const { version, result, reason } = reported;
      log.info({ event: 'manager.settings.reported', vehicle, version, result, reason });
      const next = { ...row, reported: { ...reported, atMs } };
      const outcome = await store.putSettings(next);
      const held = outcome === 'applied' ? next : await store.settings(vehicle);
      if (held !== undefined) this.#take(held);
    }
    // A car that was set by a store that is no more: it would take nothing below what it has.
    if (reported.version > row.version) await this.put(vehicle, record.desired.settings);
  }

  /** Who is to be told of what; undefined where the vehicle has no twin. */
  #keyOf({ vehicle, version }: SettingsRow): string | undefined {
    const twin = this.#deps.state(vehicle)?.twin;
    return twin === undefined ? undefined : `${twin.host.host} ${twin.actingEpoch} ${version}`;
  }

  async #tell(vehicle: string, key: string): Promise<void> {
    const { client, state, term, timers, random, log, signal } = this.#deps;
    const pauses = backoff(RETRY, random);
    while (!signal.aborted) {
      const row = this.#rows.get(vehicle);
      // Another twin or version came meanwhile: that one is told.
      if (row === undefined || this.#keyOf(row) !== key) return;
      const { host } = state(vehicle)?.twin.host ?? { host: '' };
      try {
        const answer = await client(host)?.desire(vehicle, { term, ...desiredOf(recordOf(row)) }, signal);
        if (answer !== undefined) {
          if (answer.reported !== undefined) await this.#keep(vehicle, answer.reported, this.#deps.clock.nowMs());
          return;
        }
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ event: 'manager.effect.failed', effect: 'settings', code: codeOf(error), error: messageOf(error) });
      }
      await delay(pauses.next().value, signal, timers).catch(() => undefined);
    }
  }
}

const said = z.object({ version: z.int() });

/** The version that the device named last. */
const versionSaid = (row: SettingsRow | undefined): number => said.safeParse(row?.reported).data?.version ?? 0;
