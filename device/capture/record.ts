import type { Clock, Timers } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import { readLastTime } from '../clock/last-time.js';
import type { DeviceConfig } from '../config.js';
import { storedSettings } from '../settings/remote-settings.js';
import type { Disk } from '../uplink/disk.js';
import { newCaptureFile } from './capture-file.js';
import { CAPTURE_SCHEMA } from './lines.js';
import { Recorder, type CaptureFile } from './recorder.js';
import { shapeOf } from './settings.js';

export interface RecordDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly disk: Pick<Disk, 'read'>;
  readonly newFile?: (path: string) => Promise<CaptureFile>;
}

/** Begins the recording that the settings ask for; `undefined` where they ask for none. Rejects with CONFIG_INVALID. */
export async function openRecorder(config: DeviceConfig, deps: RecordDeps): Promise<Recorder | undefined> {
  const { record, 'record.maxBytes': maxBytes } = config;
  if (record === undefined) return undefined;
  const { clock, timers, log, disk, newFile = newCaptureFile } = deps;
  const file = await newFile(record);
  const trustedMs = await readLastTime(disk);
  const desired = await storedSettings(disk);
  const recorder = new Recorder({ file, maxBytes, clock, timers, log });
  recorder.note({
    capture: {
      schema: CAPTURE_SCHEMA,
      startedAt: new Date(clock.nowMs()).toISOString(),
      settings: shapeOf(config),
      ...(trustedMs === undefined ? {} : { trustedMs }),
      ...(desired === undefined ? {} : { desired }),
    },
  });
  log.info({ event: 'capture.begun', path: file.path });
  return recorder;
}
