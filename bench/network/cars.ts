import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { packageRoot } from '../../common/package-root.js';
import type { Network } from '../../lab/netns/network.js';

/** Cars of a place that speak by themselves, without device agents: {@link file://./cars.py}. */
export interface CarRow {
  /** Its address, and where it sends to. */
  readonly bind: string;
  readonly twin: string;
  /** A whole request in hex, and where its sequence number is. */
  readonly report?: string;
  readonly seqAt?: number;
}

const outcome = z.array(
  z.object({
    reports: z.int(),
    acknowledged: z.int(),
    resent: z.int(),
    refused: z.int(),
    unsent: z.int(),
    pings: z.int(),
    lastAcknowledgedMs: z.number(),
  }),
);
export type CarOutcome = z.infer<typeof outcome>[number];

export interface Cars extends AsyncDisposable {
  /** One datagram of each car, which is not counted: the first frame of a car that is not known yet gets no answer. */
  hello(): void;
  /** The numbered datagrams begin. */
  ping(): void;
  /** Nothing new from now on; resolves once every report is acknowledged, or ten seconds have passed. */
  end(): Promise<readonly CarOutcome[]>;
}

/** Starts the cars of a place; reports begin at once. */
export async function openCars(
  network: Network,
  place: string,
  config: { readonly cars: readonly CarRow[]; readonly pingHz: number; readonly reportMs: number },
): Promise<Cars> {
  const file = join(network.folder, `${place}.cars.json`);
  await writeFile(file, JSON.stringify(config));
  const child = network.exec(place, ['python3', join(packageRoot(), 'bench/network/cars.py'), file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const lines = linesOf(child);
  const tell = (order: string): void => void child.stdin?.write(`${order}\n`);
  const first = await lines();
  if (first !== 'ready') throw new Error(`cars of ${place} did not start: ${first ?? 'they ended'}`);
  return {
    hello: () => tell('hello'),
    ping: () => tell('ping'),
    async end() {
      tell('end');
      const line = await lines();
      await ended;
      return outcome.parse(JSON.parse(line ?? 'null'));
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Lines of a child's standard output, one a call; `undefined` once it has ended. */
export function linesOf(child: ChildProcess): () => Promise<string | undefined> {
  const { stdout } = child;
  if (stdout === null) throw new Error('the child has no standard output');
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await lines.next();
    return done === true ? undefined : value;
  };
}
