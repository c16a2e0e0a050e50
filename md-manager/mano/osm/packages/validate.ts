import { createHash } from 'node:crypto';
import { parseTarGzip } from 'nanotar';
import { parse } from 'yaml';
import { messageOf } from '../../../../common/errors.js';

type Bag = Record<string, unknown>;

/**
 * What the orchestrator would refuse, or fail later, in a package (tar.gz): more than one top folder, no descriptor, sums that
 * do not hold, and in a function's descriptor (either model) names of parts that are not there. Empty: nothing was found.
 */
export async function faultsOfPackage(bytes: Uint8Array): Promise<string[]> {
  let files: ReadonlyMap<string, string>;
  try {
    files = new Map((await parseTarGzip(bytes)).map(({ name, text }) => [name.replace(/^\.\//, ''), text]));
  } catch (error) {
    return [`it is no tar.gz: ${messageOf(error)}`];
  }
  const tops = new Set([...files.keys()].map(name => name.split('/')[0]));
  if (tops.size !== 1) return [`it has ${tops.size} top folders, not one`];
  const [top = ''] = tops;
  const within = (name: string): string | undefined => files.get(`${top}/${name}`);
  const descriptor = [...files].find(([name]) => name.split('/').length === 2 && /\.ya?ml$/.test(name));
  if (descriptor === undefined) return ['it has no descriptor (*.yaml) in its top folder'];
  let content: Bag;
  try {
    content = parse(descriptor[1]) as Bag;
  } catch (error) {
    return [`${descriptor[0]} is no YAML: ${messageOf(error)}`];
  }
  return [...sumFaults(within), ...functionFaults(content, within)];
}

function sumFaults(within: (name: string) => string | undefined): string[] {
  const sums = within('checksums.txt');
  if (sums === undefined) return ['checksums.txt is missing'];
  return sums
    .split('\n')
    .filter(line => line !== '')
    .flatMap(line => {
      const [sum, name = ''] = line.split(/\s+/);
      const text = within(name);
      if (text === undefined) return [`${name} of checksums.txt is missing`];
      return createHash('md5').update(text).digest('hex') === sum ? [] : [`${name} has another checksum`];
    });
}

const idsOf = (list: unknown, key = 'id'): Set<unknown> => new Set(bags(list).map(one => one[key]));
const bags = (list: unknown): Bag[] => (Array.isArray(list) ? (list as Bag[]) : []);

function functionFaults(content: Bag, within: (name: string) => string | undefined): string[] {
  const catalog = (content['vnfd:vnfd-catalog'] ?? content['vnfd-catalog']) as Bag | undefined;
  const native = bags(catalog?.['vnfd'])[0];
  const vnfd = native ?? (content['vnfd'] as Bag | undefined);
  if (vnfd === undefined) {
    const service = content['nsd'] ?? content['nsd:nsd-catalog'] ?? content['nsd-catalog'];
    return service === undefined ? ['its descriptor is of neither model'] : [];
  }
  return bags(vnfd['vdu']).flatMap(vdu => [
    ...cloudInitFaults(vdu, within),
    ...(native === undefined ? referenceFaults(vnfd, vdu) : nativeReferenceFaults(vnfd, vdu)),
  ]);
}

function cloudInitFaults(vdu: Bag, within: (name: string) => string | undefined): string[] {
  const file = vdu['cloud-init-file'];
  if (typeof file !== 'string') return [];
  const template = within(`cloud_init/${file}`);
  if (template === undefined) return [`cloud_init/${file} is missing`];
  return template.startsWith('#cloud-config\n') ? [] : [`cloud_init/${file} does not begin with #cloud-config`];
}

function referenceFaults(vnfd: Bag, vdu: Bag): string[] {
  const wanted: [string, unknown, Set<unknown>][] = [
    ['virtual-compute-desc', vdu['virtual-compute-desc'], idsOf(vnfd['virtual-compute-desc'])],
    ['sw-image-desc', vdu['sw-image-desc'], idsOf(vnfd['sw-image-desc'])],
    ['mgmt-cp', vnfd['mgmt-cp'], idsOf(vnfd['ext-cpd'])],
    ...((vdu['virtual-storage-desc'] ?? []) as unknown[]).map((id): [string, unknown, Set<unknown>] => [
      'virtual-storage-desc',
      id,
      idsOf(vnfd['virtual-storage-desc']),
    ]),
  ];
  return wanted.filter(([, id, there]) => !there.has(id)).map(([what, id]) => `${what} ${String(id)} is not there`);
}

function nativeReferenceFaults(vnfd: Bag, vdu: Bag): string[] {
  const points = idsOf(vnfd['connection-point'], 'name');
  return bags(vdu['interface'])
    .map(one => one['external-connection-point-ref'])
    .filter(point => !points.has(point))
    .map(point => `connection-point ${String(point)} is not there`);
}
