import { createHash } from 'node:crypto';
import { parseTarGzip } from 'nanotar';
import { parse } from 'yaml';
import type { Answer } from './answer.js';
import { Refused } from './answer.js';
import type { NbiProfile } from './profile.js';
import type { NbiWorld, Stored } from './world.js';

export type PackageKind = 'vnfd' | 'nsd';
const COLLECTION = { vnfd: 'vnfds', nsd: 'nsds' } as const;
const TOPIC = { vnfd: 'vnfpkgm/v1/vnf_packages', nsd: 'nsd/v1/ns_descriptors' } as const;
const CONTENT = { vnfd: 'package_content', nsd: 'nsd_content' } as const;

/** A package of two steps: the empty record first. */
export function createPackage(world: NbiWorld, kind: PackageKind): Answer {
  const id = world.newId();
  put(world, kind, id, {}, { onboardingState: 'CREATED', operationalState: 'DISABLED', usageState: 'NOT_IN_USE' });
  const location = `/osm/${TOPIC[kind]}/${id}`;
  return { status: 201, location, body: world.profile.bothIds ? { _id: id, id } : { id } };
}

export async function uploadPackage(world: NbiWorld, kind: PackageKind, bytes: Buffer, md5?: string): Promise<Answer> {
  const id = world.newId();
  await store(world, kind, id, bytes, md5);
  return { status: 201, location: `/osm/${TOPIC[kind]}_content/${id}`, body: { id } };
}

export async function putContent(
  world: NbiWorld,
  kind: PackageKind,
  id: string,
  bytes: Buffer,
  md5?: string,
): Promise<Answer> {
  world.get(COLLECTION[kind], id);
  await store(world, kind, id, bytes, md5);
  return { status: 204 };
}

export function removePackage(world: NbiWorld, kind: PackageKind, id: string): Answer {
  const found = world.get(COLLECTION[kind], id);
  if (kind === 'nsd' && world.all('nsrs').some(nsr => nsr['nsd-id'] === id)) {
    const what = world.profile.name === 'R19' ? 'NS instance' : 'NS';
    throw new Refused(409, `There is at least one ${what} using this descriptor`);
  }
  if (kind === 'vnfd' && world.all('nsds').some(nsd => vnfdsOf(nsd).includes(String(found['id']))))
    throw new Refused(409, 'There is at least one NSD referencing this descriptor');
  world.remove(COLLECTION[kind], id);
  return { status: 204 };
}

/** Names of the functions that a service's descriptor is made of, in either model. */
export function vnfdsOf(nsd: Stored): string[] {
  const native = (nsd['constituent-vnfd'] ?? []) as { 'vnfd-id-ref': string }[];
  return [...native.map(one => one['vnfd-id-ref']), ...((nsd['vnfd-id'] ?? []) as string[])];
}

async function store(world: NbiWorld, kind: PackageKind, id: string, bytes: Buffer, md5?: string): Promise<void> {
  if (md5 !== undefined && md5 !== createHash('md5').update(bytes).digest('hex'))
    throw new Refused(409, 'Error: MD5 checksum mismatch'.replace('Error: ', ''));
  const { descriptor, folder, file, cloudInit } = await unpack(bytes);
  const found = descriptorOf(descriptor, kind, world.profile);
  const twin = world.all(COLLECTION[kind]).find(one => one['id'] === found['id'] && one._id !== id);
  if (twin !== undefined && world.profile.uniquePackages)
    throw new Refused(409, `${kind} with id '${String(found['id'])}' already exists for this project`);
  if (kind === 'nsd') {
    const missing = vnfdsOf({ ...found, _id: id, _admin: {} }).find(
      name => !world.all('vnfds').some(vnfd => vnfd['id'] === name),
    );
    if (missing !== undefined)
      throw new Refused(409, `Descriptor error at 'vnfd-id'='${missing}' references a non existing vnfd`);
  }
  if (cloudInit !== undefined) world.cloudInits.set(id, cloudInit);
  const r19 = world.profile.name === 'R19';
  put(world, kind, id, found, {
    ...(r19 ? { revision: 1 } : {}),
    ...{ onboardingState: 'ONBOARDED', operationalState: 'ENABLED', usageState: 'NOT_IN_USE' },
    storage: {
      ...{ fs: 'local', path: '/app/storage/', folder: r19 ? `${id}:1` : id, 'pkg-dir': folder },
      ...{ descriptor: `${folder}/${file}`, zipfile: 'package.tar.gz' },
    },
    ...(kind === 'vnfd' ? { type: 'vnfd' } : {}),
  });
}

function put(
  world: NbiWorld,
  kind: PackageKind,
  id: string,
  descriptor: Record<string, unknown>,
  admin: Record<string, unknown>,
): void {
  world.put(COLLECTION[kind], { ...descriptor, _id: id }, { userDefinedData: {}, ...admin });
}

interface Unpacked {
  readonly descriptor: unknown;
  readonly folder: string;
  readonly file: string;
  readonly cloudInit: string | undefined;
}

async function unpack(bytes: Buffer): Promise<Unpacked> {
  const files = await parseTarGzip(new Uint8Array(bytes)).catch((error: unknown) => {
    throw new Refused(400, `invalid file, ${String(error)}`);
  });
  const cloudInit = files.find(({ name }) => name.split('/')[1] === 'cloud_init')?.text;
  for (const { name, text } of files) {
    const [folder = '', file = '', deeper] = name.split('/');
    if (deeper === undefined && /\.ya?ml$/.test(file)) return { descriptor: parse(text), folder, file, cloudInit };
  }
  throw new Refused(422, 'Not found any descriptor file at package descriptor tar.gz');
}

function descriptorOf(content: unknown, kind: PackageKind, { model }: NbiProfile): Record<string, unknown> {
  const top = content as Record<string, Record<string, unknown[]> | undefined>;
  const catalog = top[`${kind}:${kind}-catalog`] ?? top[`${kind}-catalog`];
  const native = catalog?.[kind] ?? catalog?.[`${kind}:${kind}`];
  if ((native === undefined) !== (model === 'sol006')) throw new Refused(422, 'Unsupported descriptor format');
  const found = native?.[0] ?? (kind === 'nsd' ? top['nsd']?.['nsd']?.[0] : top['vnfd']);
  if (typeof found !== 'object' || found === null)
    throw new Refused(422, 'Error in pyangbind validation: no descriptor');
  const named = found as Record<string, unknown>;
  // The service of the later model has no name of its own.
  const whole = model === 'sol006' && kind === 'nsd' ? { ...named, name: named['id'] } : named;
  return asStored(whole) as Record<string, unknown>;
}

/** Its validation gives back integers of 64 bits as text. */
const TEXTS: ReadonlySet<string> = new Set(['memory-mb', 'storage-gb', 'size-of-storage', 'size']);

function asStored(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map(one => asStored(one));
  if (typeof value !== 'object' || value === null) return TEXTS.has(key) ? String(value) : value;
  // A machine's own count is one of them; the count of machines in a group is not.
  const machine = 'vm-flavor' in value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, machine && name === 'count' ? String(one) : asStored(one, name)]),
  );
}

/** A package as it is read: its states stand at the top, too, with links. */
export function packageBody(kind: PackageKind, stored: Stored): unknown {
  const { onboardingState, operationalState, usageState } = stored._admin;
  const self = `/${TOPIC[kind]}/${stored._id}`;
  return kind === 'vnfd'
    ? {
        ...stored,
        ...{ onboardingState, operationalState, usageState },
        _links: {
          self: { href: self },
          vnfd: { href: `${self}/vnfd` },
          packageContent: { href: `${self}/${CONTENT.vnfd}` },
        },
      }
    : {
        ...stored,
        ...{ nsdOnboardingState: onboardingState, nsdOperationalState: operationalState, nsdUsageState: usageState },
        _links: { self: { href: self }, nsd_content: { href: `${self}/${CONTENT.nsd}` } },
      };
}
