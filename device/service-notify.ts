import { execFile } from 'node:child_process';
import { every, type Timers } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import type { Log } from '../common/log.js';

export interface NotifyOptions {
  /** NOTIFY_SOCKET and WATCHDOG_USEC, where systemd started us (sd_notify(3)). */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timers: Timers;
  readonly log: Log;
  /** Default: systemd's own program, for Node cannot write to a datagram socket of this family. */
  readonly send?: (message: string) => Promise<void>;
}

export interface ServiceNotify {
  /** All sockets are bound. From now on the watchdog is fed, as long as this process comes round to it. */
  ready(): void;
  /** Tells that the end has begun, and feeds no more. */
  stop(): void;
}

const NOTHING: ServiceNotify = { ready: () => undefined, stop: () => undefined };

/** Tells systemd how we are; does nothing where it did not start us. */
export function serviceNotify({ env, timers, log, send = systemdNotify }: NotifyOptions): ServiceNotify {
  if (env['NOTIFY_SOCKET'] === undefined) return NOTHING;
  const tell = (message: string): Promise<void> =>
    send(message).catch((error: unknown) => log.warn({ event: 'service.not-told', error: messageOf(error) }));
  const watchdogMs = Number(env['WATCHDOG_USEC'] ?? 0) / 1000;
  let stopFeeding = (): void => undefined;
  return {
    ready: () => {
      void tell('READY=1');
      if (watchdogMs > 0) stopFeeding = every(timers, watchdogMs / 3, () => tell('WATCHDOG=1'));
    },
    stop: () => {
      stopFeeding();
      void tell('STOPPING=1');
    },
  };
}

function systemdNotify(message: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('systemd-notify', [message], { timeout: 5_000 }, error => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
