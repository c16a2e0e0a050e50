import { z } from 'zod';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import {
  readWireSettings,
  wireSettings,
  type DesiredSettings,
  type ReportedSettings,
  type WireSettings,
} from '../../protocol/settings.js';
import type { Disk } from '../uplink/disk.js';
import { readKept, writeKept } from '../uplink/kept-file.js';

export interface RemoteSettingsOptions {
  readonly disk: Disk;
  /** Whether a car is read: what says how to read it is refused where none is. */
  readonly readsCar: boolean;
  /** From now on these hold; nothing is started anew. */
  readonly apply: (settings: WireSettings) => void;
  /** Tells the twin, by a report. */
  readonly report: (reported: ReportedSettings) => void;
  readonly log: Log;
}

const FILE = 'settings.json';
const kept = z.object({ version: z.int().min(1), settings: wireSettings });
type KeptSettings = z.infer<typeof kept>;

/** What an earlier start was told; `undefined` where that is nothing, or cannot be read. */
export async function storedSettings(disk: Pick<Disk, 'read'>): Promise<KeptSettings | undefined> {
  const found = await readKept(disk, FILE, kept);
  return found.found === 'value' ? found.value : undefined;
}

export const keepSettings = (disk: Disk, value: DesiredSettings): Promise<void> => writeKept(disk, FILE, value);
const NO_CAR = 'no car is read here';

/**
 * What an operator has set of this vehicle (desired and reported). A version is on the disk before it holds and before the twin
 * hears of it, so that whoever was told `applied` finds it after a restart; what the disk did not take is told again by the twin.
 */
export class RemoteSettings {
  readonly #options: RemoteSettingsOptions;
  #held = 0;
  #reported: ReportedSettings = { version: 0, result: 'applied' };
  #keeping: Promise<void> | undefined;

  private constructor(options: RemoteSettingsOptions) {
    this.#options = options;
  }

  /** Applies what an earlier start was told. What it left is damaged: the twin is told of version 0, and tells it again. */
  static async open(options: RemoteSettingsOptions): Promise<RemoteSettings> {
    const remote = new RemoteSettings(options);
    const found = await readKept(options.disk, FILE, kept);
    if (found.found === 'value') remote.#hold(found.value.version, found.value.settings);
    if (found.found === 'damage') options.report(remote.#reported);
    return remote;
  }

  /** What the twin was told last, or is to be told. */
  get reported(): ReportedSettings {
    return this.#reported;
  }

  /** The twin says what the vehicle is to be set to. */
  take({ version, settings }: DesiredSettings): void {
    if (this.#keeping !== undefined) return;
    // It did not hear the answer, or is not the newest to know.
    if (version <= this.#reported.version) return this.#options.report(this.#reported);
    const read = readWireSettings(settings);
    if ('reason' in read) return this.#refuse(version, read.reason);
    const { rates, tiers } = read.settings;
    if (!this.#options.readsCar && (rates ?? tiers) !== undefined) return this.#refuse(version, NO_CAR);
    this.#keeping = this.#keep(version, read.settings).finally(() => (this.#keeping = undefined));
  }

  /** Resolves once nothing is on its way to the disk. */
  async idle(): Promise<void> {
    await this.#keeping;
  }

  async #keep(version: number, settings: WireSettings): Promise<void> {
    const { disk, log, report } = this.#options;
    try {
      await keepSettings(disk, { version, settings });
    } catch (error) {
      log.error({ event: 'settings.not-kept', version, code: codeOf(error), error: messageOf(error) });
      return;
    }
    this.#hold(version, settings);
    log.info({ event: 'settings.applied', version });
    report(this.#reported);
  }

  #hold(version: number, settings: WireSettings): void {
    this.#held = version;
    this.#reported = { version, result: 'applied' };
    this.#options.apply(settings);
  }

  /** What held before goes on. */
  #refuse(version: number, reason: string): void {
    const { log, report } = this.#options;
    log.warn({ event: 'settings.refused', version, reason, held: this.#held });
    this.#reported = { version, result: 'refused', reason };
    report(this.#reported);
  }
}
