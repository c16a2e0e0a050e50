import { z } from 'zod';
import type { Metrics } from '../../../common/metrics.js';
import type { MetricName } from '../../../protocol/metrics.js';
import { mobilityRegistration, type MobilityRegistration } from '../../../protocol/triggers/mec-mobility.js';
import type { NoteRow } from '../../../store/types.js';
import { NotedBook, type Noted, type NotedBookDeps } from './noted-book.js';

export interface RegisteredDeps extends NotedBookDeps {
  readonly metrics: Metrics<MetricName>;
}

/** An application of somebody else that goes with its devices, as it has registered itself here. */
export interface RegisteredApp extends Noted {
  readonly registration: MobilityRegistration;
}

const MOST = 1_000;

const kept = z.object({ registration: mobilityRegistration, expiresAtMs: z.number().optional() });

/**
 * Applications that have registered themselves for application mobility (ETSI GS MEC 021 §7.3): whoever subscribes for one of them is
 * told of the hand-overs of its devices. They end when they said they would, or by their own word.
 */
export class Registered implements Disposable {
  readonly #deps: RegisteredDeps;
  readonly #book: NotedBook<RegisteredApp>;

  constructor(deps: RegisteredDeps) {
    this.#deps = deps;
    this.#book = new NotedBook(
      {
        ...{ kind: 'mobility-app', most: MOST },
        noteOf: ({ registration, expiresAtMs }: RegisteredApp) => ({ registration, expiresAtMs }),
        onSize: size => deps.metrics.set('manager_mobility_apps', size),
      },
      deps,
    );
  }

  /** Those of an earlier leader. */
  load(notes: readonly NoteRow[]): void {
    this.#book.load(notes, (id, note) => {
      const read = kept.safeParse(note);
      return read.success
        ? { id, registration: read.data.registration, expiresAtMs: read.data.expiresAtMs }
        : undefined;
    });
  }

  /** READERS_FULL where there are too many; a fault of the store where it cannot be kept: then there is none. */
  add(registration: MobilityRegistration): Promise<RegisteredApp> {
    return this.#book.add(id => this.#made(id, registration));
  }

  /** NOT_FOUND where it has ended; a fault of the store where it cannot be kept: then it is as it was. */
  replace(id: string, registration: MobilityRegistration): Promise<RegisteredApp> {
    return this.#book.replace(id, () => this.#made(id, registration));
  }

  /** Likewise. */
  remove(id: string): Promise<void> {
    return this.#book.remove(id);
  }

  get(id: string): RegisteredApp {
    return this.#book.get(id);
  }

  all(): readonly RegisteredApp[] {
    return this.#book.all();
  }

  /** Whether this application goes where one of these devices goes: it has registered it, and has not ruled that out. */
  follows(appInstanceId: string, ids: readonly { readonly type: string; readonly value: string }[]): boolean {
    return this.all().some(
      ({ registration: { serviceConsumerId, deviceInformation = [] } }) =>
        serviceConsumerId.appInstanceId === appInstanceId &&
        deviceInformation.some(
          ({ associateId, appMobilityServiceLevel }) =>
            appMobilityServiceLevel !== 'APP_MOBILITY_NOT_ALLOWED' &&
            ids.some(({ type, value }) => type === associateId.type && value === associateId.value),
        ),
    );
  }

  [Symbol.dispose](): void {
    this.#book[Symbol.dispose]();
  }

  /** 0 seconds are for ever. */
  #made(id: string, registration: MobilityRegistration): RegisteredApp {
    const { expiryTime = 0 } = registration;
    return {
      ...{ id, registration },
      expiresAtMs: expiryTime === 0 ? undefined : this.#deps.clock.nowMs() + expiryTime * 1_000,
    };
  }
}
