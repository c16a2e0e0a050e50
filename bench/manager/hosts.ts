import type { HostRef } from '../../protocol/api/common.js';

/** Hosts of a benchmark of md-manager: names alone, behind one process. */

export const DOMAINS = ['core', 'edge-1', 'edge-2'] as const;
export const SLOTS = 2_500;

export const hostRefOf = (host: string): HostRef => ({
  ...{ host, domain: host.split('/')[0] ?? '', address: '127.0.0.1', port: 5683 },
  control: `http://${host.replace('/', '.')}.bench`,
});

/** The host that a control URL of `hostRefOf` is of. */
export const hostName = (control: string): string => new URL(control).hostname.replace('.bench', '').replace('.', '/');
