import { createHash } from 'node:crypto';
import { createTarGzip } from 'nanotar';
import { stringify } from 'yaml';
import type { PackageFile } from '../northbound.js';
import { CLOUD_INIT, cloudInitOf } from './cloud-init.js';
import { nativeNsd, nativeVnfd } from './native.js';
import { sol006Nsd, sol006Vnfd } from './sol006.js';
import { nsdOf, vnfdOf, type Vxf } from './vxf.js';

/** `native` up to release 8, `sol006` from release 9 on; each refuses the other. */
export type Model = 'native' | 'sol006';

const DESCRIPTORS = {
  native: { vnf: nativeVnfd, ns: nativeNsd },
  sol006: { vnf: sol006Vnfd, ns: sol006Nsd },
} as const;

/**
 * One package: a top folder with the descriptor, `checksums.txt` and, for a function, its cloud-init template. The same
 * input gives the same bytes, so that a checksum tells whether what is onboarded is ours.
 */
export async function buildPackage(vxf: Vxf, kind: 'vnf' | 'ns', model: Model): Promise<PackageFile> {
  const id = kind === 'vnf' ? vnfdOf(vxf) : nsdOf(vxf);
  const files = [
    { name: `${id}d.yaml`, data: stringify(DESCRIPTORS[model][kind](vxf)) },
    ...(kind === 'vnf' ? [{ name: `cloud_init/${CLOUD_INIT}`, data: cloudInitOf(vxf) }] : []),
  ];
  const sums = files.map(({ name, data }) => `${md5(Buffer.from(data))} ${name}\n`).join('');
  const entries = [...files, { name: 'checksums.txt', data: sums }].map(({ name, data }) => ({
    name: `${id}/${name}`,
    data,
    attrs: { mtime: 0, mode: '644' },
  }));
  const bytes = await createTarGzip(entries);
  return { bytes, md5: md5(bytes) };
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}
