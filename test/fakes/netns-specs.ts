import type { NetnsSpecInput } from '../../lab/netns/spec.js';

/** Two access points of two edge domains on one switch. */
export const SMALL: NetnsSpecInput = {
  topology: {
    domains: ['edge-1', 'edge-2', 'core'],
    switches: [
      {
        datapath: 1,
        ports: [
          { port: 1, role: 'access', domain: 'edge-1', accessPoint: 'ap-1' },
          { port: 2, role: 'access', domain: 'edge-2', accessPoint: 'ap-2' },
          { port: 101, role: 'host', domain: 'edge-1' },
          { port: 102, role: 'host', domain: 'edge-2' },
          { port: 200, role: 'service' },
        ],
      },
    ],
    accessPoints: [accessPoint('ap-1', 'edge-1'), accessPoint('ap-2', 'edge-2')],
  },
  hosts: [
    { name: 'host-1', domain: 'edge-1' },
    { name: 'host-2', domain: 'edge-2' },
  ],
  services: ['manager'],
  cars: [{ name: 'car-1', at: 'ap-1' }],
};

/** A switch for each of two domains, linked. */
export const TWO_SWITCHES: NetnsSpecInput = {
  topology: {
    domains: ['edge-1', 'edge-2'],
    switches: [
      {
        datapath: 1,
        ports: [
          { port: 1, role: 'access', domain: 'edge-1', accessPoint: 'ap-1' },
          { port: 101, role: 'host', domain: 'edge-1' },
          { port: 302, role: 'trunk', peer: 2 },
        ],
      },
      {
        datapath: 2,
        ports: [
          { port: 1, role: 'access', domain: 'edge-2', accessPoint: 'ap-2' },
          { port: 102, role: 'host', domain: 'edge-2' },
          { port: 301, role: 'trunk', peer: 1 },
        ],
      },
    ],
    accessPoints: [accessPoint('ap-1', 'edge-1'), accessPoint('ap-2', 'edge-2')],
  },
  hosts: [
    { name: 'host-1', domain: 'edge-1' },
    { name: 'host-2', domain: 'edge-2' },
  ],
  cars: [{ name: 'car-1', at: 'ap-2' }],
  links: { 'trunk:1-2': { delayMs: 2 } },
};

export function accessPoint(id: string, domain: string): NetnsSpecInput['topology']['accessPoints'][number] {
  return { id, domain, latitude: 38, longitude: -1, rangeM: 500 };
}
