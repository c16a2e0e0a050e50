import fc from 'fast-check';
import type { HostEnd, Place, VehicleView } from '../../../../sdn-app/redirect/vehicle.js';
import { CAR, CAR6, CAR_MAC, CORE, EDGE1, EDGE2, NUMBER, at } from './world.js';

/** Vehicles as an sdn-app may know them, in the network of world.ts. */

export const HOSTS = [CORE, EDGE1, EDGE2];

export const placesAt = (ports: readonly number[]): fc.Arbitrary<Place> =>
  fc
    .record({
      port: fc.constantFrom(...ports),
      address: fc.constantFrom(CAR, '10.112.0.9', CAR6),
      source: fc.constantFrom(5683, 6000),
      mac: fc.constantFrom(CAR_MAC, 0x020000000001),
    })
    .map(({ port, address, source, mac }) => at(port, { source: { address, port: source }, mac }));

export const hosts: fc.Arbitrary<HostEnd> = fc.constantFrom(...HOSTS);
export const trusts = fc.constantFrom('lab' as const, 'access' as const, 'proof' as const);

/** A vehicle at some of these places, with whatever else there may be of it but doubts. */
export const viewsOf = (places: fc.Arbitrary<Place>): fc.Arbitrary<VehicleView> =>
  fc
    .record({
      host: hosts,
      epoch: fc.nat(9),
      place: fc.option(places, { nil: undefined }),
      also: fc.option(places, { nil: undefined }),
      armed: fc.uniqueArray(fc.record({ domain: fc.constantFrom('edge-1', 'edge-2'), host: hosts }), {
        selector: ({ domain }) => domain,
        maxLength: 2,
      }),
      returns: fc.uniqueArray(places, { selector: ({ port }) => port, maxLength: 3 }),
      leaving: fc.uniqueArray(fc.record({ host: hosts, epoch: fc.nat(9) }), {
        selector: ({ host }) => host.address,
        maxLength: 2,
      }),
    })
    .map(({ host, place, also, leaving, ...rest }) => {
      const second = also !== undefined && place !== undefined && also.port !== place.port ? { also } : {};
      return {
        ...rest,
        number: NUMBER,
        host,
        leaving: leaving.filter(old => old.host !== host),
        ...(place === undefined ? {} : { place, ...second }),
      };
    });
