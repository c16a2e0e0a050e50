import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../common/package-root.js';
import { fault } from '../../protocol/errors.js';
import type { Namespaces } from './namespaces.js';
import type { LinkQuality } from './spec.js';

/** A process that carries frames between two devices of the wiring namespace, with delay, loss and a VLAN tag. */
export interface Relay {
  /** Resolves once frames that come in from now on are treated so. Frames under way keep their delay and their order. */
  set(quality: LinkQuality): Promise<void>;
}

export async function openRelay(
  namespaces: Namespaces,
  at: { readonly place: string; readonly devices: readonly [string, string]; readonly vlan?: number | undefined },
  quality: LinkQuality,
): Promise<Relay> {
  const script = join(packageRoot(), 'lab/netns/relay.py');
  const child: ChildProcess = namespaces.exec(at.place, ['python3', script, ...at.devices, String(at.vlan ?? 0)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw fault('LAB_FAILED', 'the relay has no pipes');
  stdin.on('error', () => undefined); // it ended: `closed` says so
  const said: string[] = [];
  stderr.on('data', (chunk: Buffer) => void said.push(chunk.toString()));
  const closed = once(child, 'close').then(() => {
    throw fault('LAB_FAILED', `the relay of ${at.devices.join(' and ')} ended: ${said.join('').trim()}`);
  });
  closed.catch(() => undefined); // told by whoever asks next
  const lines = createInterface({ input: stdout });
  let order: Promise<unknown> = Promise.resolve();
  const set = (wanted: LinkQuality): Promise<void> => {
    const done = order.then(async () => {
      const answered = once(lines, 'line');
      stdin.write(`${JSON.stringify(wanted)}\n`);
      await Promise.race([answered, closed]);
    });
    order = done.catch(() => undefined);
    return done;
  };
  await set(quality);
  return { set };
}
