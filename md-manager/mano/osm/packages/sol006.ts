import { CLOUD_INIT } from './cloud-init.js';
import { IMAGE, INTERFACE, NETWORK, PROVIDER, VERSION, nsdOf, scaleGroupOf, vduOf, vnfdOf, type Vxf } from './vxf.js';

const FLAVOUR = 'default-df';
const EXTERNAL = 'vnf-mgmt-ext';

/** Descriptors after ETSI GS NFV-SOL 006, which Open Source MANO takes from release 9 on (and nothing else then). */
export function sol006Vnfd(vxf: Vxf): unknown {
  const { title, vcpus, memoryMb, diskGb, scaleOut } = vxf;
  const vdu = vduOf(vxf);
  const id = vnfdOf(vxf);
  const internal = `${vdu}-${INTERFACE}-int`;
  const scaling = {
    id: scaleGroupOf(vxf),
    name: scaleGroupOf(vxf),
    'max-scale-level': scaleOut,
    'aspect-delta-details': { deltas: [{ id: 'one', 'vdu-delta': [{ id: vdu, 'number-of-instances': 1 }] }] },
  };
  return {
    vnfd: {
      ...{ id, 'product-name': id, provider: PROVIDER, version: VERSION, description: title, 'mgmt-cp': EXTERNAL },
      'ext-cpd': [{ id: EXTERNAL, 'int-cpd': { cpd: internal, 'vdu-id': vdu } }],
      vdu: [
        {
          ...{ id: vdu, name: vdu, 'cloud-init-file': CLOUD_INIT, 'sw-image-desc': IMAGE },
          'virtual-compute-desc': 'compute',
          'virtual-storage-desc': ['disk'],
          'int-cpd': [
            {
              id: internal,
              'virtual-network-interface-requirement': [{ name: INTERFACE, 'virtual-interface': { type: 'PARAVIRT' } }],
            },
          ],
        },
      ],
      'sw-image-desc': [{ id: IMAGE, image: IMAGE, name: IMAGE }],
      'virtual-compute-desc': [
        {
          id: 'compute',
          'virtual-cpu': { 'num-virtual-cpu': vcpus },
          // In GiB (SOL 006 says `size`, the orchestrator multiplies by 1,024).
          'virtual-memory': { size: memoryMb / 1024 },
        },
      ],
      'virtual-storage-desc': [{ id: 'disk', 'size-of-storage': diskGb }],
      df: [
        {
          id: FLAVOUR,
          'instantiation-level': [
            { id: 'default-instantiation-level', 'vdu-level': [{ 'vdu-id': vdu, 'number-of-instances': 1 }] },
          ],
          'vdu-profile': [{ id: vdu, 'min-number-of-instances': 1, 'max-number-of-instances': 1 + scaleOut }],
          ...(scaleOut === 0 ? {} : { 'scaling-aspect': [scaling] }),
        },
      ],
    },
  };
}

export function sol006Nsd(vxf: Vxf): unknown {
  const id = nsdOf(vxf);
  const link = {
    'virtual-link-profile-id': NETWORK,
    'constituent-cpd-id': [{ 'constituent-base-element-id': '1', 'constituent-cpd-id': EXTERNAL }],
  };
  return {
    nsd: {
      nsd: [
        {
          ...{ id, name: id, designer: PROVIDER, version: VERSION, 'vnfd-id': [vnfdOf(vxf)] },
          'virtual-link-desc': [{ id: NETWORK, 'mgmt-network': true }],
          df: [
            {
              id: FLAVOUR,
              'vnf-profile': [{ id: '1', 'vnfd-id': vnfdOf(vxf), 'virtual-link-connectivity': [link] }],
            },
          ],
        },
      ],
    },
  };
}
