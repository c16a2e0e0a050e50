import type { CoapHandler } from '../../protocol/coap/types.js';
import type { DesiredSettings } from '../../protocol/settings.js';
import type { Capture } from './capture.js';
import { TWIN } from './near-twin.js';
import type { ReplayTime } from './replay-time.js';

/**
 * Has `take` hear at their moments what the twin of a capture said that the vehicle is to be set to: after all else that is due at
 * such a moment, for it came with the answer to a report.
 */
export function replayTold({ entries }: Capture, time: ReplayTime, take: (desired: DesiredSettings) => void): void {
  for (const entry of entries)
    if ('told' in entry)
      time.after(Math.max(0, entry.atMs - time.monotonicMs()), () => time.after(0, () => take(entry.told)));
}

/** Has `handler` be asked at their moments what the twin of a capture asked. Nobody waits for the answers. */
export function replayAsked({ entries }: Capture, time: ReplayTime, handler: CoapHandler): void {
  const ask = async (path: readonly string[], query: readonly string[] = []): Promise<void> => {
    try {
      await handler(
        { method: 'GET', path, query },
        { peer: TWIN, messageId: 0, token: new Uint8Array(), confirmable: true },
      );
    } catch {
      // The twin was told so when it asked; what it was told is not in a report.
    }
  };
  for (const entry of entries) {
    if (!('asked' in entry)) continue;
    const { path, query } = entry.asked;
    time.after(Math.max(0, entry.atMs - time.monotonicMs()), () => void ask(path, query));
  }
}
