import { CLOUD_INIT } from './cloud-init.js';
import { IMAGE, INTERFACE, NETWORK, PROVIDER, VERSION, nsdOf, scaleGroupOf, vduOf, vnfdOf, type Vxf } from './vxf.js';

/** Descriptors in the model that Open Source MANO has up to release 8. */
export function nativeVnfd(vxf: Vxf): unknown {
  const { title, vcpus, memoryMb, diskGb, scaleOut } = vxf;
  const vdu = vduOf(vxf);
  const id = vnfdOf(vxf);
  const vnfd = {
    ...{ id, name: id, 'short-name': id, vendor: PROVIDER, description: title, version: VERSION },
    'mgmt-interface': { cp: INTERFACE },
    'connection-point': [{ name: INTERFACE, type: 'VPORT' }],
    vdu: [
      {
        ...{ id: vdu, name: vdu, count: 1, image: IMAGE, 'cloud-init-file': CLOUD_INIT },
        'vm-flavor': { 'vcpu-count': vcpus, 'memory-mb': memoryMb, 'storage-gb': diskGb },
        interface: [
          {
            name: INTERFACE,
            type: 'EXTERNAL',
            'external-connection-point-ref': INTERFACE,
            'virtual-interface': { type: 'VIRTIO' },
          },
        ],
      },
    ],
    ...(scaleOut === 0
      ? {}
      : {
          'scaling-group-descriptor': [
            {
              name: scaleGroupOf(vxf),
              'scaling-policy': [{ name: 'manual', 'scaling-type': 'manual', 'cooldown-time': 10 }],
              vdu: [{ 'vdu-id-ref': vdu, count: 1 }],
              'min-instance-count': 0,
              'max-instance-count': scaleOut,
            },
          ],
        }),
  };
  return { 'vnfd:vnfd-catalog': { vnfd: [vnfd] } };
}

export function nativeNsd(vxf: Vxf): unknown {
  const id = nsdOf(vxf);
  const nsd = {
    ...{ id, name: id, 'short-name': id, vendor: PROVIDER, description: vxf.title, version: VERSION },
    'constituent-vnfd': [{ 'member-vnf-index': '1', 'vnfd-id-ref': vnfdOf(vxf) }],
    vld: [
      {
        ...{ id: NETWORK, name: NETWORK, type: 'ELAN', 'mgmt-network': true },
        'vnfd-connection-point-ref': [
          { 'member-vnf-index-ref': '1', 'vnfd-id-ref': vnfdOf(vxf), 'vnfd-connection-point-ref': INTERFACE },
        ],
      },
    ],
  };
  return { 'nsd:nsd-catalog': { nsd: [nsd] } };
}
