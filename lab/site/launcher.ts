import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Network } from '../netns/network.js';
import { DOMAINS } from '../demo/plan.js';
import { hostsPlace } from './layout.js';

/**
 * A program for md-manager's `hosts.launcher`: becomes the vMD host in the namespace of its domain, with the title that it
 * is told. md-manager itself is in a namespace of the same run.
 */
export async function openLauncher(network: Network): Promise<string> {
  const file = join(network.folder, 'launch-host');
  const cases = DOMAINS.map(domain => `  ${domain}) net=${network.pathOf(hostsPlace(domain))} ;;`);
  const script = [
    '#!/bin/bash',
    '# Usage: launch-host DOMAIN TITLE PROGRAM WORD...',
    'case $1 in',
    ...cases,
    '  *) echo "no place for hosts of $1" >&2; exit 2 ;;',
    'esac',
    'title=$2; shift 2',
    `exec nsenter "--net=$net" -- bash -c 'exec -a "$0" "$@"' "$title" "$@"`,
  ];
  await writeFile(file, `${script.join('\n')}\n`, { mode: 0o755 });
  return file;
}
