import type { Disk } from './disk.js';
import { encodeFrame } from './frames.js';
import { encodeRecord } from './records.js';
import type { Key } from './key.js';

const NAME = 'rejected.log';
const OLDER = 'rejected.old';

/** Keeps reports that the twin refused for good (4.00, 4.13), for whoever wants to know why; the newest `maxBytes`. */
export class RejectedFile {
  readonly #disk: Disk;
  readonly #maxBytes: number;
  #last: Promise<void> = Promise.resolve();

  constructor(disk: Disk, maxBytes: number) {
    this.#disk = disk;
    this.#maxBytes = maxBytes;
  }

  /** Durable when it resolves. */
  keep(key: Key, bytes: Uint8Array): Promise<void> {
    const turn = this.#last.then(() => this.#write(encodeFrame(encodeRecord({ kind: 'report', key, bytes }))));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #write(frame: Uint8Array): Promise<void> {
    const size = (await this.#disk.read(NAME))?.length ?? 0;
    if (size > 0 && size + frame.length > this.#maxBytes / 2) await this.#disk.rename(NAME, OLDER);
    await this.#disk.append(NAME, frame);
    await this.#disk.sync(NAME);
    await this.#disk.syncFolder();
  }
}
