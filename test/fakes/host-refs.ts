import type { Attachment, HostRef } from '../../protocol/api/common.js';

/** Hosts and places of tests, made from their names. */

export const hostRef = (host: string): HostRef => ({
  host,
  domain: host.split('/')[0]!,
  address: `127.96.0.${host.split('/')[1]}`,
  port: 5683,
  control: `http://127.96.0.${host.split('/')[1]}:5684`,
});

export const attachmentIn = (domain: string, port = 1): Attachment => ({
  datapath: 1,
  port,
  domain,
  source: { address: '127.112.0.2', port: 5683 },
});
