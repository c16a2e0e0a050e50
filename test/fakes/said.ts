/** What a command wrote, and its exit code. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process and gives what it wrote. */
export async function saidBy(run: () => Promise<number>): Promise<Said> {
  const written = { stdout: '', stderr: '' };
  const before = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ['stdout', 'stderr'] as const)
    process[name].write = (chunk: string | Uint8Array): boolean => {
      written[name] += String(chunk);
      return true;
    };
  try {
    return { code: await run(), out: written.stdout, err: written.stderr };
  } finally {
    for (const name of ['stdout', 'stderr'] as const) process[name].write = before[name];
  }
}
