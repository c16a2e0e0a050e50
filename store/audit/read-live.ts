import type { z } from 'zod';
import { ManagerClient } from '../../protocol/api/manager-client.js';
import { poolList } from '../../protocol/api/pools.js';
import { switchCheck } from '../../protocol/api/sdn-app.js';
import { hostHealth } from '../../protocol/api/vmd.js';
import type { ControlStore } from '../types.js';
import type { ActingView, SlotView } from './types.js';

/** An audit may come when the machine is at its busiest. */
const TIMEOUT_MS = 30_000;

async function ask<A>(url: string, path: string, answer: z.ZodType<A>): Promise<A> {
  // A manager that does not lead names the one that does.
  await using client = new ManagerClient([url], { connections: 1 });
  // Awaited here: the client is closed as soon as this function returns.
  return await client.call('GET', path, { answer, timeoutMs: TIMEOUT_MS });
}

/**
 * Who acts and what is held, by control store, manager, hosts and switch. Hand-overs that are open before or after count
 * as open, standby slots that are kept before or after as kept. Rejects with UPSTREAM_AWAY or DEADLINE where a service that was named, or a host of its pools, does not answer.
 */
export async function readActing(
  control: ControlStore,
  urls: { readonly manager?: string | undefined; readonly sdn?: string | undefined },
): Promise<ActingView> {
  const [before, standbysBefore] = await Promise.all([control.openHandovers(), control.standbys()]);
  const pools = urls.manager === undefined ? undefined : await ask(urls.manager, '/v1/pools', poolList);
  const hosts = pools?.pools.flatMap(pool => pool.hosts);
  const health = hosts && (await Promise.all(hosts.map(({ host }) => ask(host.control, '/v1/health', hostHealth))));
  const check = urls.sdn === undefined ? undefined : await ask(urls.sdn, '/v1/check', switchCheck);
  const [owners, devices, after, standbysAfter] = await Promise.all([
    control.owners(),
    control.devices(),
    control.openHandovers(),
    control.standbys(),
  ]);
  const open = new Map([...before, ...after].map(({ id, vehicle }) => [id, { id, vehicle }]));
  const poolSlots = hosts?.flatMap(({ host, slots }): SlotView[] =>
    slots.map(slot => ({ host: host.host, slot: slot.slot, state: slot.state, ...whose(slot) })),
  );
  const slots = health?.flatMap((host): SlotView[] =>
    host.slots.map(slot => ({
      ...{ host: host.host.host, slot: slot.slot, state: slot.state, ...whose(slot) },
      actingEpoch: slot.actingEpoch,
      leaseHeld: slot.leaseHeld,
    })),
  );
  return {
    owners,
    devices,
    open: [...open.values()],
    standbys: [...standbysBefore, ...standbysAfter],
    ...(slots === undefined ? {} : { slots }),
    ...(poolSlots === undefined ? {} : { poolSlots }),
    ...(check === undefined ? {} : { flows: check.flows }),
  };
}

const whose = (slot: {
  readonly vehicle?: string | undefined;
  readonly handover?: string | undefined;
}): Pick<SlotView, 'vehicle' | 'handover'> => ({ vehicle: slot.vehicle, handover: slot.handover });
