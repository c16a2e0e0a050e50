import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { checksumErrors, txOffload, type HostFindings } from './checksum-offload.js';

const run = promisify(execFile);

/** As {@link readHost}, for many who ask: who asks while it is being read gets the same answer. */
export function sharedReader(read: () => Promise<HostFindings> = readHost): () => Promise<HostFindings> {
  let reading: Promise<HostFindings> | undefined;
  return () => {
    reading ??= read().finally(() => (reading = undefined));
    return reading;
  };
}

/** Reads what the kernel and `ethtool` tell of this machine, or of the network namespace that it runs in. */
export async function readHost(): Promise<HostFindings> {
  const counts = await Promise.all(
    ['/proc/net/snmp', '/proc/net/snmp6'].map(async path => checksumErrors(await textOf(path))),
  );
  const known = counts.filter(count => count !== undefined);
  // /sys shows the namespace of whoever mounted it; /proc/net/dev that of the reader
  const devices = [...(await textOf('/proc/net/dev')).matchAll(/^\s*([^\s:]+):/gm)].map(([, name = '']) => name);
  const names = devices.filter(name => name !== 'lo');
  const interfaces = await Promise.all(
    names.map(async name => ({ name, txOffload: txOffload(await featuresOf(name)) })),
  );
  return { checksumErrors: known.length === 0 ? 'unknown' : known.reduce((a, b) => a + b, 0), interfaces };
}

/** Empty where it cannot be read: then it is shown as not known. */
const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

const featuresOf = (name: string): Promise<string> =>
  run('ethtool', ['-k', name]).then(
    ({ stdout }) => stdout,
    () => '',
  );
