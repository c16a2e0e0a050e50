import { open, readFile } from 'node:fs/promises';
import { codeOf, messageOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import { parseCapture, type Capture } from './capture.js';
import type { CaptureFile } from './recorder.js';

/** Starts of an agent that records under one name. */
const MAX_FILES = 10_000;

/**
 * A new file; never one that is there: a service that is started again would write over the drive that it was to keep. The
 * second start writes `drive.2.jsonl`. Rejects with CONFIG_INVALID where none can be made.
 */
export async function newCaptureFile(path: string): Promise<CaptureFile> {
  for (let number = 1; number <= MAX_FILES; number++) {
    const name = number === 1 ? path : path.replace(/(\.[^./]*)?$/, `.${number}$1`);
    try {
      const file = await open(name, 'wx', 0o600);
      return {
        path: name,
        append: text => file.appendFile(text),
        close: async () => {
          try {
            await file.datasync();
          } finally {
            await file.close();
          }
        },
      };
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST')
        throw fault('CONFIG_INVALID', `record: ${name} cannot be made: ${messageOf(cause)}`, { cause });
    }
  }
  throw fault('CONFIG_INVALID', `record: there are ${MAX_FILES} of ${path}`);
}

/** Rejects with CONFIG_INVALID where it cannot be read, CAPTURE_INVALID or STORE_SCHEMA where it is no capture. */
export async function readCapture(path: string): Promise<Capture> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw fault('CONFIG_INVALID', `replay: ${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
  return parseCapture(text, path);
}
