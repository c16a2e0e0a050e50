import type { Order } from './schema.js';
import { vnfdsOf } from './packages.js';
import type { NbiWorld, Stored } from './world.js';

type Bag = Record<string, unknown>;

/** The two records that an order makes: of the service and of its one function. Keys are those that the real interface gives. */
export function recordsOf(world: NbiWorld, order: Order, nsd: Stored): { nsr: Stored; vnfr: Stored } {
  const id = world.newId();
  const vnfd = vnfdFor(world, nsd);
  const vnfr = vnfrOf(world, order, id, vnfd);
  const sol006 = world.profile.model === 'sol006';
  const { additionalParamsForVnf: _inFunction, ...instantiateParams } = order;
  const nsr = world.put(
    'nsrs',
    {
      ...{ name: order.nsName, 'name-ref': order.nsName, 'short-name': order.nsName, 'admin-status': 'ENABLED' },
      ...{ nsState: 'NOT_INSTANTIATED', currentOperation: 'IDLE', currentOperationID: null },
      ...{ errorDescription: null, errorDetail: null },
      ...{ deploymentStatus: null, configurationStatus: null, vcaStatus: null },
      ...{ nsd: nsdWithin(nsd, sol006), datacenter: order.vimAccountId, 'resource-orchestrator': 'osmopenmano' },
      ...{ description: order.nsDescription ?? '', 'constituent-vnfr-ref': [vnfr._id] },
      ...{ 'operational-status': 'init', 'config-status': 'init', 'detailed-status': 'scheduled' },
      ...{ 'orchestration-progress': {}, 'create-time': world.now(), 'nsd-name-ref': nsd['name'] },
      ...{ 'operational-events': [], 'nsd-ref': nsd['id'], 'nsd-id': nsd._id, 'vnfd-id': [vnfd._id] },
      ...{
        instantiate_params: instantiateParams,
        additionalParamsForNs: null,
        'ns-instance-config-ref': id,
        id,
        _id: id,
      },
      'ssh-authorized-key': order.ssh_keys ?? null,
      ...(sol006 ? laterNs(vnfd, nsd) : { vld: nsd['vld'] }),
    },
    { nsState: 'NOT_INSTANTIATED' },
  );
  return { nsr, vnfr };
}

/** What the service keeps of its descriptor. */
function nsdWithin(nsd: Stored, sol006: boolean): Bag {
  if (sol006) return nsd;
  const { id, name, vld, _id } = nsd;
  return { id, name, vld, 'constituent-vnfd': nsd['constituent-vnfd'], _id };
}

function vnfdFor(world: NbiWorld, nsd: Stored): Stored {
  const [name] = vnfdsOf(nsd);
  const found = world.all('vnfds').find(vnfd => vnfd['id'] === name);
  return found ?? world.get('vnfds', String(name));
}

function laterNs(vnfd: Stored, nsd: Stored): Bag {
  const [vdu] = vnfd['vdu'] as Bag[];
  const [compute] = vnfd['virtual-compute-desc'] as { 'virtual-cpu': Bag; 'virtual-memory': Bag }[];
  const [storage] = vnfd['virtual-storage-desc'] as Bag[];
  const [image] = vnfd['sw-image-desc'] as Bag[];
  const flavour = {
    'vcpu-count': compute?.['virtual-cpu']['num-virtual-cpu'],
    'memory-mb': Number(compute?.['virtual-memory']['size']) * 1024,
    'storage-gb': storage?.['size-of-storage'],
    name: `${String(vdu?.['id'])}-1-flv`,
    id: '0',
  };
  const links = nsd['virtual-link-desc'] as Bag[];
  return {
    flavor: [flavour],
    image: [{ image: image?.['image'], id: '0' }],
    ...{ 'affinity-or-anti-affinity-group': [], 'shared-volumes': [], vnffgd: [], revision: 1 },
    vld: links.map(link => ({
      id: link['id'],
      'mgmt-network': link['mgmt-network'],
      'vnfd-connection-point-ref': [
        { 'member-vnf-index-ref': '1', 'vnfd-connection-point-ref': vnfd['mgmt-cp'], 'vnfd-id-ref': vnfd['id'] },
      ],
      name: link['id'],
    })),
  };
}

function vnfrOf(world: NbiWorld, order: Order, nsId: string, vnfd: Stored): Stored {
  const id = world.newId();
  const sol006 = world.profile.model === 'sol006';
  const params = order.additionalParamsForVnf?.find(one => one['member-vnf-index'] === '1')?.additionalParams ?? null;
  const vdus = vnfd['vdu'] as Bag[];
  return world.put(
    'vnfrs',
    {
      ...{ id, _id: id, 'nsr-id-ref': nsId, 'member-vnf-index-ref': '1', additionalParamsForVnf: params },
      ...{
        'created-time': world.now(),
        'vnfd-ref': vnfd['id'],
        'vnfd-id': vnfd._id,
        'vim-account-id': order.vimAccountId,
      },
      ...(sol006 ? { 'vca-id': null } : {}),
      vdur: vdus.map(vdu => (sol006 ? laterVdu(world, order, vnfd, vdu, params) : nativeVdu(world, vdu, params))),
      'connection-point': sol006 ? laterPoints(vnfd) : nativePoints(vnfd),
      'ip-address': null,
      ...(sol006 ? { revision: 1 } : {}),
    },
    { nsState: 'NOT_INSTANTIATED' },
  );
}

function nativeVdu(world: NbiWorld, vdu: Bag, params: unknown): Bag {
  const interfaces = (vdu['interface'] as Bag[]).map(one => ({
    name: one['name'],
    'mgmt-vnf': true,
    'ns-vld-id': 'mgmtnet',
  }));
  return {
    ...{ 'vdu-id-ref': vdu['id'], 'ip-address': null, 'internal-connection-point': [], interfaces },
    ...{ additionalParams: params, _id: world.newId(), 'count-index': 0 },
  };
}

function laterVdu(world: NbiWorld, order: Order, vnfd: Stored, vdu: Bag, params: unknown): Bag {
  const [point] = vdu['int-cpd'] as { id: string; 'virtual-network-interface-requirement': Bag[] }[];
  const [need] = point?.['virtual-network-interface-requirement'] ?? [];
  const asked = order.vnf?.[0]?.vdu?.[0]?.interface?.[0];
  const id = world.newId();
  return {
    ...{ 'vdu-id-ref': vdu['id'], 'ip-address': null },
    'internal-connection-point': [{ id: point?.id, 'connection-point-id': point?.id, name: point?.id }],
    interfaces: [
      {
        ...{ name: need?.['name'], 'internal-connection-point-ref': point?.id },
        ...{ 'external-connection-point-ref': vnfd['mgmt-cp'], 'mgmt-vnf': true, 'mgmt-interface': true },
        ...{ type: (need?.['virtual-interface'] as Bag | undefined)?.['type'], 'ns-vld-id': 'mgmtnet' },
        ...(asked?.['ip-address'] === undefined ? {} : { 'ip-address': asked['ip-address'], 'fixed-ip': true }),
        ...(asked?.['mac-address'] === undefined ? {} : { 'mac-address': asked['mac-address'], 'fixed-mac': true }),
      },
    ],
    ...{ additionalParams: params, 'vdu-name': vdu['name'], 'virtual-storages': vnfd['virtual-storage-desc'] },
    ...{ 'ns-image-id': '0', 'ns-flavor-id': '0', 'affinity-or-anti-affinity-group-id': [] },
    ...{ _id: id, id, 'count-index': 0 },
  };
}

function nativePoints(vnfd: Stored): Bag[] {
  return (vnfd['connection-point'] as Bag[]).map(({ name }) => ({ name, 'connection-point-id': null, id: null }));
}

function laterPoints(vnfd: Stored): Bag[] {
  return (vnfd['ext-cpd'] as { id: string; 'int-cpd': Bag }[]).map(point => ({
    ...{ name: point.id, 'connection-point-id': point['int-cpd']['cpd'] },
    ...{ 'connection-point-vdu-id': point['int-cpd']['vdu-id'], id: point.id },
  }));
}
